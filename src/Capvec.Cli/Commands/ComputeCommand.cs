using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Capturing;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Audit;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Cli.Commands;

/// <summary>capvec compute: activations to directions and their ranking.</summary>
internal sealed class ComputeCommand : CapvecCommand
{
    private readonly CaptureOptions _capture = new(required: false);
    private readonly Option<string[]> _activations = new("--activations") { Description = "Files that \"capvec capture\" wrote, in place of --traces.", HelpName = "FILE", AllowMultipleArgumentsPerToken = true };
    private readonly Option<string> _out = PathOptions.NewFolder("--out", "Folder for dir.pt, dir.safetensors, ranking.csv, ranking.json and audit.json.", required: true);
    private readonly Option<int> _permutations = NumberOptions.Number("--permutations", "Relabellings of the permutation test; 0 leaves it out.", new RankingOptions().Permutations, 0, 10_000_000);
    private readonly Option<ulong> _seed = NumberOptions.Number("--seed", "Seed of the relabellings.", 0UL, 0UL, ulong.MaxValue);

    /// <summary>Makes the command.</summary>
    public ComputeCommand(Option<bool> json)
        : base(
            "compute", "Computes the mean difference of every layer and ranks the layers by held-out AUC, with a permutation test.",
            "capvec compute --activations runs/activations.safetensors --out runs/vectors", json)
    {
        _capture.AddTo(this);
        foreach (var option in new Option[] { _activations, _out, _permutations, _seed })
            Options.Add(option);
        _activations.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => !File.Exists(token.Value)))
                result.AddError($"--activations {token.Value}: there is no such file");
        });
        Validators.Add(result =>
        {
            var traces = result.GetResult(_capture.Traces) is not null;
            if (traces == (result.GetResult(_activations) is not null))
                result.AddError("either --traces or --activations is needed");
            else if (traces != (result.GetResult(_capture.Model) is not null))
                result.AddError(traces ? "--traces needs a --model to read them" : "--model goes with --traces; activations are captured already");
        });
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var files = arguments.GetValue(_activations) ?? [];
        var set = files.Length > 0 ? ActivationJoin.Load(files) : await _capture.RunAsync(arguments, cancellation);
        var folder = arguments.GetRequiredValue(_out);
        if (set.Labels.Distinct().Count() < 2)
            throw new CapvecException($"all {set.Traces.Length} traces are {(set.Labels[0] ? "positives" : "negatives")}; a contrast needs passed and failed trials. Collect more attempts.");
        var directions = MeanDifference.Fit(set, time: TimeProvider.System);
        var ranking = LayerRanking.Compute(set, directions, new RankingOptions { Permutations = arguments.GetValue(_permutations), Seed = arguments.GetValue(_seed) });
        DirectionFile.SaveBoth(directions, folder);
        ranking.Save(folder);
        var audit = ConfoundAudit.Run(set, ranking.Layers[0].Layer);
        audit.Save(folder);

        var rows = new List<string[]> { new[] { "layer", "auc", "held out", "p", "margin", "margin/norm" } };
        rows.AddRange(ranking.Layers.Select(layer => new[]
        {
            $"{layer.Layer}", $"{layer.Auc:F3}", $"{layer.HeldOutAuc:F3}", layer.P is { } p ? $"{p:F4}" : "", $"{layer.Margin:F2}", $"{layer.Margin / layer.ResidualNorm:F3}",
        }));
        output.Table(rows, heading: true);
        var best = ranking.Layers[0];
        output.Line();
        foreach (var finding in audit.Findings())
            output.Line(finding);
        output.Line($"{folder}: directions for {set.Layers.Length} layers from {best.Positives} positives and {best.Negatives} negatives");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(folder),
            ["positives"] = best.Positives,
            ["negatives"] = best.Negatives,
            ["layers"] = new JsonArray([.. ranking.Layers.Select(layer => new JsonObject
            {
                ["layer"] = layer.Layer,
                ["auc"] = JsonLine.Number(layer.Auc),
                ["auc_held_out"] = JsonLine.Number(layer.HeldOutAuc),
                ["p_permutation"] = layer.P is { } p ? JsonLine.Number(p) : null,
                ["margin"] = JsonLine.Number(layer.Margin),
                ["residual_norm"] = JsonLine.Number(layer.ResidualNorm),
            })]),
            ["audit"] = new JsonArray([.. audit.Findings().Select(finding => JsonValue.Create(finding))]),
            ["directions_hash"] = directions.Hash,
        };
    }
}
