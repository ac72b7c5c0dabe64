using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Output;
using Capvec.Engine.Benchmarks.RandomModels;
using Capvec.Formats.Errors;

namespace Capvec.Cli.Commands;

/// <summary>capvec bench make-model: a model with random weights of a published shape.</summary>
internal sealed class MakeModelCommand : CapvecCommand
{
    private const string FolderFormat = "bf16";

    private readonly Option<string> _shape = new("--shape") { Description = $"Shape: {string.Join(", ", RandomShape.All.Select(shape => shape.Name))}.", Required = true, HelpName = "SHAPE" };
    private readonly Option<string> _format = new("--format") { Description = $"How matrices are kept: {string.Join(", ", RandomModelGguf.Formats)}.", DefaultValueFactory = _ => FolderFormat, HelpName = "FORMAT" };
    private readonly Option<string> _out = new("--out", "-o") { Description = "FILE.gguf, or a folder (Hugging Face layout, bf16 only). The same shape has the same weights in both.", Required = true, HelpName = "PATH" };

    /// <summary>Makes the command.</summary>
    public MakeModelCommand(Option<bool> json)
        : base(
            "make-model", "Writes a model with random weights of a Qwen3.5 shape: right for timing and for comparing programs, useless for text.",
            "capvec bench make-model --shape 0.8B --format q8_0 --out artifacts/models/0.8B-q8_0.gguf", json)
    {
        _shape.AcceptOnlyFromAmong([.. RandomShape.All.Select(shape => shape.Name)]);
        _format.AcceptOnlyFromAmong([.. RandomModelGguf.Formats]);
        Options.Add(_shape);
        Options.Add(_format);
        Options.Add(_out);
    }

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var shape = RandomShape.Named(arguments.GetRequiredValue(_shape));
        var (format, path) = (arguments.GetRequiredValue(_format), arguments.GetRequiredValue(_out));
        var clock = Stopwatch.StartNew();
        if (path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase))
        {
            RandomModelGguf.Write(shape, format, path);
        }
        else if (format != FolderFormat)
        {
            throw new CapvecException($"--out {path}: a folder holds bf16 weights; name a .gguf file for {format}.", exitCode: CapvecException.WrongUsage);
        }
        else
        {
            RandomModelFolder.Write(shape, path, file =>
            {
                cancellation.ThrowIfCancellationRequested();
                CommandOutput.Remark(file);
            });
        }

        output.Line($"{path}: random weights of Qwen3.5-{shape.Name} shape, {format}, written in {clock.Elapsed.TotalSeconds:F1} s");
        return Task.FromResult<JsonObject?>(new JsonObject { ["out"] = Path.GetFullPath(path), ["shape"] = shape.Name, ["format"] = format });
    }
}
