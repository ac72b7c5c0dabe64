using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Inspection;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Engine.Conversion;

namespace Capvec.Cli.Commands;

/// <summary>capvec convert: a model folder to a GGUF file for other engines.</summary>
internal sealed class ConvertCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Folder("--model", "Model folder in the Hugging Face layout.", required: true);
    private readonly Option<string> _format = new("--format") { Description = $"How matrices are kept: {string.Join(", ", GgufConverter.Formats)}.", DefaultValueFactory = _ => "q8_0", HelpName = "FORMAT" };
    private readonly Option<string> _out = PathOptions.NewFile("--out", "The GGUF file.");

    /// <summary>Makes the command.</summary>
    public ConvertCommand(Option<bool> json)
        : base("convert", "Writes a model folder as a GGUF file that llama.cpp and its kin load.", "capvec convert --model models/phantom/checkpoint --format q8_0 --out phantom-q8_0.gguf", json)
    {
        _model.Aliases.Add("-m");
        _format.AcceptOnlyFromAmong([.. GgufConverter.Formats]);
        Options.Add(_model);
        Options.Add(_format);
        Options.Add(_out);
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var (format, path) = (arguments.GetRequiredValue(_format), arguments.GetRequiredValue(_out));
        var clock = Stopwatch.StartNew();
        var notes = GgufConverter.Convert(arguments.GetRequiredValue(_model), format, path, _ => cancellation.ThrowIfCancellationRequested());
        foreach (var note in notes)
            CommandOutput.Remark(note);
        var bytes = new FileInfo(path).Length;
        output.Line($"{path}: {format}, {FileFacts.Size(bytes)}, written in {clock.Elapsed.TotalSeconds:F1} s");
        return Task.FromResult<JsonObject?>(new JsonObject { ["out"] = Path.GetFullPath(path), ["format"] = format, ["bytes"] = bytes, ["notes"] = new JsonArray([.. notes.Select(note => JsonValue.Create(note))]) });
    }
}
