using Capvec.Formats.Errors;
using Capvec.Numerics.Randomness;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;

namespace Capvec.Experiments.Screening;

/// <summary>Directions made anew without the traces of some tasks, so that every trace can be read under a direction that knows nothing of its task.</summary>
/// <param name="Directions">By fold: the set made from the other folds' tasks.</param>
/// <param name="OfTask">The fold of each task.</param>
internal sealed record ScreenFolds(IReadOnlyList<DirectionSet> Directions, IReadOnlyDictionary<string, int> OfTask)
{
    /// <summary>Most folds; with fewer tasks, each is one.</summary>
    public const int Most = 5;

    /// <summary>Divides tasks at random and fits the folds' directions.</summary>
    /// <param name="activations">The captured traces that the full direction is made from; their groups are tasks.</param>
    /// <param name="tasks">Tasks of the traces that are read; may hold others than the captured ones.</param>
    /// <param name="seed">Seed of the division.</param>
    /// <param name="estimator">How directions are made; the mean difference when null.</param>
    /// <exception cref="CapvecException">Without one fold's tasks, a side has no trace left.</exception>
    public static ScreenFolds Make(ActivationSet activations, IEnumerable<string> tasks, ulong seed, IDirectionEstimator? estimator = null)
    {
        var order = tasks.Concat(activations.Traces.Select(t => t.Group)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        new SplitMix64(seed).Shuffle(order);
        var folds = Math.Min(Most, order.Count);
        var ofTask = order.Index().ToDictionary(t => t.Item, t => t.Index % folds, StringComparer.Ordinal);
        return new([.. Enumerable.Range(0, folds).Select(fold => Fit(activations.Where(t => ofTask[t.Group] != fold), estimator ?? DirectionEstimators.Default))], ofTask);
    }

    private static DirectionSet Fit(ActivationSet others, IDirectionEstimator estimator)
    {
        var positives = others.Labels.Count(positive => positive);
        return positives > 0 && positives < others.Traces.Length
            ? DirectionFit.Fit(others, estimator)
            : throw new CapvecException($"the screen cannot hold tasks out: without a fifth of the tasks, the contrast has {positives} positive and {others.Traces.Length - positives} negative traces left. Collect more attempts or tasks, or leave the screen out, in a new study.");
    }
}
