using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Validation;

namespace Capvec.Steering.Ranking;

/// <summary>All layers of a direction set, validated; best first by held-out AUC, then by margin as a share of the residual norm, then by layer.</summary>
public sealed class LayerRanking
{
    private readonly ImmutableDictionary<int, double[]> _scores;

    private LayerRanking(IEnumerable<LayerScore> scores, ImmutableDictionary<int, double[]> held, RankingOptions options, int shuffles, bool isExact)
    {
        _scores = held;
        Layers = [.. LayerScore.BestFirst(scores)];
        Options = options;
        Shuffles = shuffles;
        IsExact = isExact;
    }

    /// <summary>The layers, best first.</summary>
    public ImmutableArray<LayerScore> Layers { get; }

    /// <summary>How they were validated.</summary>
    public RankingOptions Options { get; }

    /// <summary>What was left out at a time for the held-out figures: "leave-one-out", or so many folds.</summary>
    public required string HeldOutBy { get; init; }

    /// <summary>Held-out AUC at the best layer by the number of traces that make the direction; empty where traces are too few to try.</summary>
    public required ImmutableArray<LearningPoint> Learning { get; init; }

    /// <summary>How many relabellings were tried; 0 without a permutation test.</summary>
    public int Shuffles { get; }

    /// <summary>Whether these were all relabellings that there are.</summary>
    public bool IsExact { get; }

    /// <summary>The held-out score of every trace at a layer, in the set's order.</summary>
    /// <exception cref="CapvecException">The layer was not ranked.</exception>
    public ReadOnlySpan<double> HeldOutScores(int layer) => _scores.TryGetValue(layer, out var scores) ? scores : throw new CapvecException($"layer {layer} was not ranked.");

    /// <summary>Validates the directions that were fitted on a set.</summary>
    /// <param name="set">The rows and labels that the directions were fitted on.</param>
    /// <param name="directions">A direction for each layer of the set; only figures in sample use them, held-out figures fit <see cref="RankingOptions.Estimator"/> again.</param>
    /// <param name="options">How to validate; the defaults when null.</param>
    /// <exception cref="CapvecException">A class has fewer than two traces, sizes do not fit, or permutation within tasks is impossible.</exception>
    public static LayerRanking Compute(ActivationSet set, DirectionSet directions, RankingOptions? options = null)
    {
        options ??= new RankingOptions();
        if (directions.Hidden != set.Hidden)
            throw new CapvecException($"the directions have hidden size {directions.Hidden}, the activations {set.Hidden}; they are of different models.");
        var labels = set.Labels;
        LeaveOneOut.RequireTwoOfEach(labels);
        var estimator = options.Estimator;
        var rows = new TrainingRows[set.Layers.Length];
        Layerwise.For(rows.Length, i => rows[i] = TrainingRows.Of(set, set.Layers[i]));
        var method = HeldOutMethod.Of(estimator, labels);
        string[] groups = [.. set.Traces.Select(t => t.Group)];
        var byTask = method.With(Folds.ByGroup(groups, options.GroupFolds));
        var test = options.Permutations > 0 ? PermutationTest.Run(rows, set, method, options.Permutations, options.Seed, options.PermuteWithinGroups) : null;
        var positives = labels.AsSpan().Count(true);
        var scores = new LayerScore[rows.Length];
        var held = new double[rows.Length][];
        Layerwise.For(rows.Length, i =>
        {
            held[i] = method.For(rows[i])(labels) ?? throw new CapvecException($"layer {set.Layers[i]}: too few traces are left for {estimator.Name} when some are held out; collect more traces, or use --estimator {MeanDifference.Name}.");
            var direction = directions.At(set.Layers[i]);
            var next = directions.Directions.FirstOrDefault(d => d.Layer == direction.Layer + 1);
            scores[i] = new LayerScore(
                direction.Layer,
                InSampleAuc(set, i, direction, labels),
                InSampleMargin(set, i, direction, labels),
                positives,
                labels.Length - positives,
                Auc.Of(held[i], labels),
                byTask.For(rows[i])(labels) is { } grouped ? Auc.Of(grouped, labels) : null,
                test?.P[i],
                test?.PMax[i],
                Enumerable.Range(0, labels.Length).Average(t => Direction.Length(set.Row(t, i))))
            {
                HeldOutInterval = AucBootstrap.Interval(held[i], labels, groups, options.Seed),
                HalvesCosine = Halves.Cosine(rows[i], estimator, options.Seed),
                NextCosine = next is null ? null : direction.Cosine(next),
            };
        });
        var best = LayerScore.BestFirst(scores).First().Layer;
        return new LayerRanking(scores, Enumerable.Range(0, rows.Length).ToImmutableDictionary(i => set.Layers[i], i => held[i]), options, test?.Shuffles ?? 0, test?.IsExact ?? false)
        {
            HeldOutBy = method.Name,
            Learning = LearningCurve.Of(rows[set.IndexOf(best)], estimator, options.Seed),
        };
    }

    /// <summary>Writes <c>ranking.csv</c> and <c>ranking.json</c> into a folder, each atomically; docs/formats.md describes them.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public void Save(string folder)
    {
        AtomicFile.WriteText(Path.Combine(folder, "ranking.csv"), ToCsv());
        AtomicFile.WriteText(Path.Combine(folder, "ranking.json"), ToJson());
    }

    /// <summary>The ranking as CSV, shares to six decimals; empty where a figure does not exist.</summary>
    public string ToCsv()
    {
        var csv = new StringBuilder("layer,auc,margin,n,n_pos,n_neg,auc_held_out,auc_grouped,p_permutation,p_max,residual_norm,auc_low,auc_high,cosine_halves,cosine_next\n");
        foreach (var s in Layers)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{s.Layer},{s.Auc:F6},{s.Margin:F6},{s.Traces},{s.Positives},{s.Negatives},{s.HeldOutAuc:F6},{s.GroupedAuc:F6},{s.P:F6},{s.PMax:F6},{s.ResidualNorm:F6},{s.HeldOutInterval?.Low:F6},{s.HeldOutInterval?.High:F6},{s.HalvesCosine:F6},{s.NextCosine:F6}\n");
        }

        return csv.ToString();
    }

    /// <summary>The ranking as JSON, with the options and every figure in full.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Format = "capvec-ranking-1",
            Estimator = Options.Estimator.Name,
            HeldOutBy,
            Permutations = Shuffles,
            PermutationsExact = IsExact,
            Options.PermuteWithinGroups,
            Options.Seed,
            Options.GroupFolds,
            Layers = Layers.Select(s => new
            {
                s.Layer,
                s.Auc,
                s.Margin,
                N = s.Traces,
                NPos = s.Positives,
                NNeg = s.Negatives,
                AucHeldOut = s.HeldOutAuc,
                AucGrouped = s.GroupedAuc,
                PPermutation = s.P,
                PMax = s.PMax,
                s.ResidualNorm,
                AucLow = s.HeldOutInterval?.Low,
                AucHigh = s.HeldOutInterval?.High,
                CosineHalves = s.HalvesCosine,
                CosineNext = s.NextCosine,
            }),
            Learning = Learning.Select(point => new { point.Traces, point.Auc }),
        },
        new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }) + "\n";

    private static double InSampleAuc(ActivationSet set, int layerIndex, Direction direction, bool[] labels) =>
        Auc.Of([.. Enumerable.Range(0, labels.Length).Select(t => direction.Project(set.Row(t, layerIndex)))], labels);

    private static double InSampleMargin(ActivationSet set, int layerIndex, Direction direction, bool[] labels)
    {
        var projections = Enumerable.Range(0, labels.Length).ToLookup(t => labels[t], t => direction.Project(set.Row(t, layerIndex)));
        return projections[true].Average() - projections[false].Average();
    }
}
