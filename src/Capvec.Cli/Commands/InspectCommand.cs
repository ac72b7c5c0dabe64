using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Hosting;
using Capvec.Cli.Inspection;
using Capvec.Cli.Output;

namespace Capvec.Cli.Commands;

/// <summary>capvec inspect: what a file or folder is.</summary>
internal sealed class InspectCommand : CapvecCommand
{
    private readonly Argument<string> _path = new("PATH") { Description = "A model folder, an adapter folder, safetensors, a torch file, a trace, a folder of traces, or a study's output." };

    /// <summary>Makes the command.</summary>
    public InspectCommand(Option<bool> json)
        : base("inspect", "Says what a file or folder is: kind, shapes, types, hashes. Torch files are read by a whitelist and never run.", "capvec inspect models/phantom/checkpoint", json) =>
        Arguments.Add(_path);

    /// <inheritdoc/>
    protected override Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var path = arguments.GetRequiredValue(_path);
        var found = PathInspector.Inspect(path);
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
        return Task.FromResult<JsonObject?>(result);
    }
}
