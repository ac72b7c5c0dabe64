using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Inspection;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Cli.Progress;
using Capvec.Engine.Conversion;
using Capvec.Formats.Errors;
using Capvec.Formats.Peft;

namespace Capvec.Cli.Commands;

/// <summary>capvec convert: models between Hugging Face folders and GGUF files, adapters into weights, adapters to GGUF files.</summary>
internal sealed class ConvertCommand : CapvecCommand
{
    private readonly Option<string> _model = PathOptions.Model(required: false, what: "Model to convert");
    private readonly Option<string[]> _adapters = PathOptions.Adapters("LoRA adapter (PEFT folder or .gguf file) that is merged into the model's weights; may be given several times. Without --model: the adapter to convert.");
    private readonly Option<string> _base = new("--base") { Description = "With an adapter alone: the model that it was trained on, whose shape decides the order of rows. Left out: what adapter_config.json names.", HelpName = "PATH" };
    private readonly Option<string> _format = new("--format") { Description = $"How matrices are kept: {string.Join(", ", GgufConverter.Formats)} in a GGUF file (q8_0 when left out), {string.Join(", ", FolderConverter.Formats)} in a folder (the model's own).", HelpName = "FORMAT" };
    private readonly Option<string> _out = new("--out", "-o") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder.", Required = true, HelpName = "PATH" };

    /// <summary>Makes the command.</summary>
    public ConvertCommand(Option<bool> json)
        : base(
            "convert", "Writes models as GGUF files for llama.cpp and its kin, GGUF files as Hugging Face folders, adapters merged into weights, and adapters as GGUF files.",
            "capvec convert --model models/phantom/checkpoint --format q8_0 --out phantom-q8_0.gguf", json)
    {
        _format.AcceptOnlyFromAmong([.. GgufConverter.Formats]);
        Options.Add(_model);
        Options.Add(_adapters);
        Options.Add(_base);
        Options.Add(_format);
        Options.Add(_out);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var (path, format) = (arguments.GetRequiredValue(_out), arguments.GetValue(_format));
        var adapters = arguments.GetValue(_adapters) ?? [];
        var clock = Stopwatch.StartNew();
        IReadOnlyList<string> notes;
        if (arguments.GetValue(_model) is not { } model)
        {
            (notes, format) = (AdapterAlone(adapters, arguments.GetValue(_base), format, path), "f32");
        }
        else
        {
            if (arguments.GetValue(_base) is not null)
                throw Usage("--base is for converting an adapter alone; with --model leave it out");
            if (PathOptions.IsGguf(path) && PathOptions.IsGguf(model))
                throw Usage($"--model {model} is a GGUF file already; give --out a folder, or start from the Hugging Face folder");
            if (!PathOptions.IsGguf(path) && !PathOptions.IsGguf(model) && adapters.Length == 0 && format is null)
                throw Usage("there is nothing to convert from a folder to a folder; give --adapter, --format, or an --out that ends in .gguf");
            await using var progress = new LoadingProgress($"writing {path}", cancellation);
            notes = PathOptions.IsGguf(path)
                ? GgufConverter.Convert(model, format ??= "q8_0", path, adapters, progress)
                : FolderConverter.Convert(model, format, path, adapters, progress);
        }

        foreach (var note in notes)
            CommandOutput.Remark(note);
        var bytes = Directory.Exists(path) ? new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length) : new FileInfo(path).Length;
        output.Line($"{path}: {(format is null ? "" : $"{format}, ")}{FileFacts.Size(bytes)}, written in {clock.Elapsed.TotalSeconds:F1} s");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(path),
            ["format"] = format,
            ["adapters"] = new JsonArray([.. adapters.Select(adapter => JsonValue.Create(adapter))]),
            ["bytes"] = bytes,
            ["notes"] = new JsonArray([.. notes.Select(note => JsonValue.Create(note))]),
        };
    }

    private static IReadOnlyList<string> AdapterAlone(string[] adapters, string? model, string? format, string path)
    {
        if (adapters.Length != 1)
            throw Usage(adapters.Length == 0 ? "--model is missing; give a model, or --adapter to convert an adapter" : "several adapters and no --model to merge them into; give --model, or one adapter");
        if (!PathOptions.IsGguf(path))
            throw Usage($"--out {path}: an adapter alone is written as a file that ends in .gguf; to merge it, give --model");
        if (format is not (null or "f32"))
            throw Usage($"--format {format}: adapters are written in f32");
        model ??= PeftConfig.Load(adapters[0]).BaseModel is { } named && (Directory.Exists(named) || File.Exists(named)) ? named : null;
        return AdapterConverter.Convert(adapters[0], model ?? throw Usage($"{adapters[0]} does not say where its model is; give it with --base, since the model's shape decides the order of the adapter's rows"), path);
    }

    private static CapvecException Usage(string message) => new($"{message}.", exitCode: CapvecException.WrongUsage);
}
