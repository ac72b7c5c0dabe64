using System.CommandLine;
using System.Text.Json.Nodes;
using Capvec.Cli.Capturing;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Steering.Audit;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;

namespace Capvec.Cli.Commands;

/// <summary>capvec compute: activations to directions and their ranking.</summary>
internal sealed class ComputeCommand : CapvecCommand
{
    private readonly RowOptions _rows = new();
    private readonly EstimatorOptions _estimator = new();
    private readonly Option<string> _out = PathOptions.NewFolder("--out", "Folder for dir.pt, dir.safetensors, ranking.csv, ranking.json and audit.json.", required: true);
    private readonly Option<int> _permutations = NumberOptions.Number("--permutations", "Relabellings of the permutation test; 0 leaves it out.", new RankingOptions().Permutations, 0, 10_000_000);
    private readonly Option<bool> _within = new("--permute-within-tasks") { Description = "Permute labels only among traces of the same task." };
    private readonly Option<ulong> _seed = NumberOptions.Number("--seed", "Seed of the relabellings and of all draws.", 0UL, 0UL, ulong.MaxValue);

    /// <summary>Makes the command.</summary>
    public ComputeCommand(Option<bool> json)
        : base(
            "compute", "Makes a direction for every layer, from traces or texts, and ranks the layers by held-out AUC, with a permutation test.",
            "capvec compute --activations runs/activations.safetensors --out runs/vectors", json)
    {
        _rows.AddTo(this);
        _estimator.AddTo(this);
        foreach (var option in new Option[] { _out, _permutations, _within, _seed })
            Options.Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var folder = arguments.GetRequiredValue(_out);
        var seed = arguments.GetValue(_seed);
        var set = _estimator.Prepare(arguments, await _rows.ReadAsync(arguments, seed, cancellation));
        var estimator = _estimator.Make(arguments, seed);
        var options = new RankingOptions { Estimator = estimator, Permutations = arguments.GetValue(_permutations), PermuteWithinGroups = arguments.GetValue(_within), Seed = seed };
        var (directions, ranking, audit) = await Interruptible.RunAsync(
            () =>
            {
                var fitted = DirectionFit.Fit(set, estimator, time: TimeProvider.System);
                var ranked = LayerRanking.Compute(set, fitted, options);
                return (fitted, ranked, ConfoundAudit.Run(set, ranked));
            },
            cancellation);
        DirectionFile.SaveBoth(directions, folder);
        ranking.Save(folder);
        audit.Save(folder);

        var rows = new List<string[]> { new[] { "layer", "auc", "held out", "95% interval", "by task", "p", "p over layers", "halves", "margin", "margin/norm" } };
        rows.AddRange(ranking.Layers.Select(layer => new[]
        {
            $"{layer.Layer}", $"{layer.Auc:F3}", $"{layer.HeldOutAuc:F3}", layer.HeldOutInterval is { } i ? $"{i.Low:F3}-{i.High:F3}" : "", layer.GroupedAuc is { } grouped ? $"{grouped:F3}" : "",
            layer.P is { } p ? $"{p:F4}" : "", layer.PMax is { } most ? $"{most:F4}" : "", layer.HalvesCosine is { } halves ? $"{halves:F2}" : "", $"{layer.Margin:F2}", $"{layer.Margin / layer.ResidualNorm:F3}",
        }));
        output.Table(rows, heading: true);
        var best = ranking.Layers[0];
        output.Line();
        foreach (var line in RankingText.Of(ranking).Concat(audit.Findings()))
            output.Line(line);
        output.Line($"{folder}: directions for {set.Layers.Length} layers from {best.Positives} positives and {best.Negatives} negatives");
        return new JsonObject
        {
            ["out"] = Path.GetFullPath(folder),
            ["estimator"] = estimator.Name,
            ["positives"] = best.Positives,
            ["negatives"] = best.Negatives,
            ["layers"] = new JsonArray([.. ranking.Layers.Select(layer => new JsonObject
            {
                ["layer"] = layer.Layer,
                ["auc"] = JsonLine.Number(layer.Auc),
                ["auc_held_out"] = JsonLine.Number(layer.HeldOutAuc),
                ["auc_grouped"] = layer.GroupedAuc is { } grouped ? JsonLine.Number(grouped) : null,
                ["p_permutation"] = layer.P is { } p ? JsonLine.Number(p) : null,
                ["margin"] = JsonLine.Number(layer.Margin),
                ["residual_norm"] = JsonLine.Number(layer.ResidualNorm),
                ["p_max"] = layer.PMax is { } most ? JsonLine.Number(most) : null,
                ["cosine_halves"] = layer.HalvesCosine is { } halves ? JsonLine.Number(halves) : null,
            })]),
            ["audit"] = new JsonArray([.. audit.Findings().Select(finding => JsonValue.Create(finding))]),
            ["directions_hash"] = directions.Hash,
        };
    }
}
