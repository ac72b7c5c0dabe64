using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Capturing;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;

namespace Capvec.Cli.Commands;

/// <summary>capvec capture: traces to activations.</summary>
internal sealed class CaptureCommand : CapvecCommand
{
    private readonly CaptureOptions _capture = new(required: true);
    private readonly Option<string> _out = PathOptions.NewFile("--out", "Safetensors file for the activations [traces, layers, hidden], with labels and groups.");

    /// <summary>Makes the command.</summary>
    public CaptureCommand(Option<bool> json)
        : base(
            "capture", "Reads traces with a model and keeps the residual stream of every block, one row a trace.",
            "capvec capture --model models/phantom/checkpoint --traces runs/traces --out runs/activations.safetensors", json)
    {
        _capture.AddTo(this);
        Options.Add(_out);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var set = await _capture.RunAsync(arguments, cancellation);
        var path = arguments.GetRequiredValue(_out);
        set.Save(path);
        var positives = set.Labels.Count(positive => positive);
        output.Line($"{path}: activations [{set.Traces.Length}, {set.Layers.Length}, {set.Hidden}], {positives} positives and {set.Traces.Length - positives} negatives; {set.Positions}");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(path),
            ["traces"] = set.Traces.Length,
            ["positives"] = positives,
            ["negatives"] = set.Traces.Length - positives,
            ["layers"] = set.Layers.Length,
            ["hidden"] = set.Hidden,
            ["positions"] = set.Positions,
            ["model_hash"] = set.ModelHash,
        };
    }
}
