using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Validation;

namespace Capvec.Steering.Estimation;

/// <summary>All layers of a direction set, validated; best first by held-out AUC, then by margin as a share of the residual norm, then by layer.</summary>
public sealed class LayerRanking
{
    private LayerRanking(IEnumerable<LayerScore> scores, RankingOptions options, int shuffles, bool isExact)
    {
        Layers = [.. scores.OrderByDescending(s => s.HeldOutAuc).ThenByDescending(s => s.Margin / s.ResidualNorm).ThenBy(s => s.Layer)];
        Options = options;
        Shuffles = shuffles;
        IsExact = isExact;
    }

    /// <summary>The layers, best first.</summary>
    public ImmutableArray<LayerScore> Layers { get; }

    /// <summary>How they were validated.</summary>
    public RankingOptions Options { get; }

    /// <summary>How many relabellings were tried; 0 without a permutation test.</summary>
    public int Shuffles { get; }

    /// <summary>Whether these were all relabellings that there are.</summary>
    public bool IsExact { get; }

    /// <summary>Validates the directions that were fitted on a set.</summary>
    /// <param name="set">The rows and labels that the directions were fitted on.</param>
    /// <param name="directions">A direction for each layer of the set; only the in-sample AUC and the margin use it, held-out figures refit the mean difference.</param>
    /// <param name="options">How to validate; the defaults when null.</param>
    /// <exception cref="CapvecException">A class has fewer than two traces, sizes do not fit, or permutation within tasks is impossible.</exception>
    public static LayerRanking Compute(ActivationSet set, DirectionSet directions, RankingOptions? options = null)
    {
        options ??= new RankingOptions();
        if (directions.Hidden != set.Hidden)
            throw new CapvecException($"the directions have hidden size {directions.Hidden}, the activations {set.Hidden}; they are of different models.");
        var labels = set.Labels;
        LeaveOneOut.RequireTwoOfEach(labels);
        var grams = new GramMatrix[set.Layers.Length];
        Parallel.For(0, grams.Length, i => grams[i] = GramMatrix.Of(set, set.Layers[i]));
        var test = options.Permutations > 0 ? PermutationTest.Run(grams, set, options.Permutations, options.Seed, options.PermuteWithinGroups) : null;
        var folds = Folds.ByGroup([.. set.Traces.Select(t => t.Group)], options.GroupFolds);
        var positives = labels.AsSpan().Count(true);
        var scores = set.Layers.Select((layer, i) => new LayerScore(
            layer,
            InSampleAuc(set, i, directions.At(layer), labels),
            InSampleMargin(set, i, directions.At(layer), labels),
            positives,
            labels.Length - positives,
            test?.HeldOutAuc[i] ?? LeaveOneOut.HeldOutAuc(set, layer),
            GroupedAuc(grams[i], folds, labels),
            test?.P[i],
            test?.PMax[i],
            Enumerable.Range(0, labels.Length).Average(t => Direction.Length(set.Row(t, i)))));
        return new LayerRanking(scores, options, test?.Shuffles ?? 0, test?.IsExact ?? false);
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
        var csv = new StringBuilder("layer,auc,margin,n,n_pos,n_neg,auc_held_out,auc_grouped,p_permutation,p_max,residual_norm\n");
        foreach (var s in Layers)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{s.Layer},{s.Auc:F6},{s.Margin:F6},{s.Traces},{s.Positives},{s.Negatives},{s.HeldOutAuc:F6},{s.GroupedAuc:F6},{s.P:F6},{s.PMax:F6},{s.ResidualNorm:F6}\n");
        }

        return csv.ToString();
    }

    /// <summary>The ranking as JSON, with the options and every figure in full.</summary>
    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            Format = "capvec-ranking-1",
            Estimator = MeanDifference.Name,
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
            }),
        },
        new JsonSerializerOptions { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower }) + "\n";

    private static double InSampleAuc(ActivationSet set, int layerIndex, Direction direction, bool[] labels) =>
        Auc.Of([.. Enumerable.Range(0, labels.Length).Select(t => direction.Project(set.Row(t, layerIndex)))], labels);

    private static double InSampleMargin(ActivationSet set, int layerIndex, Direction direction, bool[] labels)
    {
        var projections = Enumerable.Range(0, labels.Length).ToLookup(t => labels[t], t => direction.Project(set.Row(t, layerIndex)));
        return projections[true].Average() - projections[false].Average();
    }

    private static double? GroupedAuc(GramMatrix gram, Folds folds, bool[] labels)
    {
        var scores = new double[labels.Length];
        return new HeldOutScores(gram, folds).TryScore(labels, scores) ? Auc.Of(scores, labels) : null;
    }
}
