using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// Is the held-out AUC higher than labels that mean nothing give? The labels are permuted over the traces (within tasks, if asked), the whole
/// held-out procedure is repeated for each relabelling, and p is the share that does at least as well (one-sided). All layers get the same
/// relabellings, so that the maximum over layers keeps their correlation (Westfall and Young's single-step max-T).
/// </summary>
public static class PermutationTest
{
    /// <summary>Tests every layer of a set.</summary>
    /// <param name="set">Captured rows with labels.</param>
    /// <param name="shuffles">How many relabellings to draw where there are too many to try all.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="withinGroups">
    /// Labels move only among traces of the same task. This takes out what tells tasks apart; it needs tasks with traces of both labels.
    /// </param>
    /// <exception cref="CapvecException">A class has fewer than two traces, no relabelling is possible, or the number of shuffles is not positive.</exception>
    public static PermutationResult Run(ActivationSet set, int shuffles, ulong seed, bool withinGroups = false) =>
        Run([.. set.Layers.Select(layer => TrainingRows.Of(set, layer))], set, HeldOutMethod.Of(DirectionEstimators.Default, set.Labels), shuffles, seed, withinGroups);

    /// <summary>Tests layers whose inner products are there already, in the order of the set's layers.</summary>
    internal static PermutationResult Run(IReadOnlyList<TrainingRows> layers, ActivationSet set, HeldOutMethod method, int shuffles, ulong seed, bool withinGroups)
    {
        if (shuffles < 1)
            throw new CapvecException($"{shuffles} permutations cannot be drawn; give at least 1 (1000 is usual).");
        var labels = set.Labels;
        LeaveOneOut.RequireTwoOfEach(labels);
        var relabelled = LabelShuffles.Make(labels, withinGroups ? [.. set.Traces.Select(t => t.Group)] : null, shuffles, seed);
        if (relabelled.IsExact && relabelled.Labels.Count == 1)
            throw new CapvecException("every task has traces of one label only, so labels cannot be permuted within tasks; permute over all traces, or collect tasks with both outcomes.");
        var observed = new long[layers.Count];
        var wins = new long[layers.Count][];
        Layerwise.For(layers.Count, layer =>
        {
            var scorer = method.For(layers[layer]);
            observed[layer] = Wins(scorer, labels);
            wins[layer] = [.. relabelled.Labels.Select(l => Wins(scorer, l))];
        });

        var highest = Enumerable.Range(0, relabelled.Labels.Count).Select(s => wins.Max(w => w[s])).ToArray();
        var positives = labels.AsSpan().Count(true);
        return new PermutationResult(
            [.. observed.Select(w => Auc.OfDoubledWins(w, positives, labels.Length - positives))],
            [.. observed.Select((w, layer) => Share(wins[layer], w, relabelled.IsExact))],
            [.. observed.Select(w => Share(highest, w, relabelled.IsExact))],
            relabelled.Labels.Count,
            relabelled.IsExact);
    }

    private static long Wins(Func<bool[], double[]?> scorer, bool[] labels) =>
        Auc.DoubledWins(scorer(labels) ?? new double[labels.Length], (bool[])labels.Clone()); // labels that cannot be scored tell nothing: all ties

    private static double Share(long[] wins, long observed, bool isExact)
    {
        var hits = wins.Count(w => w >= observed);
        return isExact ? hits / (double)wins.Length : (hits + 1.0) / (wins.Length + 1);
    }
}
