using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Inspection;
using Capvec.Cli.Output;

namespace Capvec.Cli.Commands;

/// <summary>capvec inspect: what a file or folder is.</summary>
internal sealed class InspectCommand : CapvecCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "A model (folder or GGUF), an adapter (PEFT folder or GGUF), directions, safetensors, a torch or numpy file, a trace, a folder of traces, a study or its output." };
    private readonly Option<bool> _hash = new("--hash") { Description = "Hash the files too, which reads them from end to end." };

    /// <summary>Makes the command.</summary>
    public InspectCommand(Option<bool> json)
        : base("inspect", "Says what a file or folder is: kind, shapes, types, memory needed, what is not supported. Reads headers only; torch files are read by a whitelist and never run.", "capvec inspect models/phantom/checkpoint", json)
    {
        Arguments.Add(_path);
        Options.Add(_hash);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(_path);
        var found = await Interruptible.RunAsync(() => PathInspector.Inspect(path, arguments.GetValue(_hash)), cancellation);
        output.Line($"{path}: {found.Title}");
        output.Table(found.Facts.Select(fact => new[] { fact.Name, fact.Value }), heading: false);
        if (found.Rows.Count > 0)
        {
            output.Line();
            output.Table(found.Rows, heading: true);
        }

        var result = found.Details;
        result.Insert(0, "kind", found.Kind);
        result.Insert(1, "path", Path.GetFullPath(path));
        return result;
    }
}
