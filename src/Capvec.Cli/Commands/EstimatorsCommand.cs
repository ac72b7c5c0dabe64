using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Capvec.Cli.Capturing;
using Capvec.Cli.Hosting;
using Capvec.Cli.Options;
using Capvec.Cli.Output;
using Capvec.Formats.Files;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;

namespace Capvec.Cli.Commands;

/// <summary>capvec estimators: every estimator on the same rows, each beside its control.</summary>
internal sealed class EstimatorsCommand : CapvecCommand
{
    private readonly RowOptions _rows = new();
    private readonly Option<int> _shuffles = NumberOptions.Number("--shuffles", "How often labels are dealt out again for the control.", 20, 1, 10_000);
    private readonly Option<ulong> _seed = NumberOptions.Number("--seed", "Seed of all draws.", 0UL, 0UL, ulong.MaxValue);
    private readonly Option<string?> _out = new("--out", "-o") { Description = "A CSV file for the table, a line for each estimator and layer.", HelpName = "FILE" };

    /// <summary>Makes the command.</summary>
    public EstimatorsCommand(Option<bool> json)
        : base(
            "estimators", "Held-out AUC at every layer of every estimator, on the same rows; under each the mean with shuffled labels, which has to be near 0.5. The estimator \"random\" sees no label.",
            "capvec estimators --activations runs/demo/activations.safetensors", json)
    {
        _rows.AddTo(this);
        foreach (var option in new Option[] { _shuffles, _seed, _out })
            Options.Add(option);
    }

    /// <inheritdoc/>
    protected override async Task<JsonObject?> RunAsync(ParseResult arguments, CommandOutput output, CancellationToken cancellation)
    {
        var seed = arguments.GetValue(_seed);
        var set = await _rows.ReadAsync(arguments, seed, cancellation);
        var shuffles = arguments.GetValue(_shuffles);
        var scores = await Interruptible.RunAsync(() => EstimatorComparison.Run(set, DirectionEstimators.Names.Select(name => DirectionEstimators.Make(name, seed: seed)), shuffles, seed), cancellation);
        var rows = new List<string[]> { new[] { "estimator", "labels" }.Concat(set.Layers.Select(layer => $"{layer}")).ToArray() };
        foreach (var score in scores)
        {
            rows.Add([score.Estimator, "true", .. score.HeldOutAuc.Select(Figure)]);
            rows.Add(["", "shuffled", .. score.ShuffledMean.Select(Figure)]);
        }

        output.Table(rows, heading: true);
        output.Line();
        var positives = set.Labels.AsSpan().Count(true);
        output.Line($"held-out AUC by layer, {positives} positives and {set.Traces.Length - positives} negatives; shuffled: mean of {shuffles} deals of the labels");
        if (arguments.GetValue(_out) is { } path)
        {
            AtomicFile.WriteText(path, Csv(set.Layers, scores));
            output.Line($"{path}: the same with the highest of the deals");
        }

        return new JsonObject
        {
            ["layers"] = new JsonArray([.. set.Layers.Select(layer => JsonValue.Create(layer))]),
            ["positives"] = positives,
            ["negatives"] = set.Traces.Length - positives,
            ["shuffles"] = shuffles,
            ["estimators"] = new JsonArray([.. scores.Select(score => new JsonObject
            {
                ["estimator"] = score.Estimator,
                ["auc_held_out"] = Numbers(score.HeldOutAuc),
                ["auc_shuffled_mean"] = Numbers(score.ShuffledMean),
                ["auc_shuffled_highest"] = Numbers(score.ShuffledHighest),
            })]),
        };
    }

    private static string Figure(double auc) => double.IsNaN(auc) ? "-" : auc.ToString("F2", CultureInfo.InvariantCulture);

    private static JsonArray Numbers(IEnumerable<double> values) => new([.. values.Select(value => double.IsNaN(value) ? null : JsonLine.Number(value))]);

    private static string Csv(IReadOnlyList<int> layers, IReadOnlyList<EstimatorScore> scores)
    {
        var csv = new StringBuilder("estimator,layer,auc_held_out,auc_shuffled_mean,auc_shuffled_highest\n");
        foreach (var score in scores)
        {
            for (var i = 0; i < layers.Count; i++)
                csv.Append(CultureInfo.InvariantCulture, $"{score.Estimator},{layers[i]},{score.HeldOutAuc[i]:F6},{score.ShuffledMean[i]:F6},{score.ShuffledHighest[i]:F6}\n");
        }

        return csv.ToString();
    }
}
