using Capvec.Engine.Sampling;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Estimation;
using Capvec.Steering.Validation;

namespace Capvec.Steering.Ranking;

/// <summary>Estimators side by side on the same rows, each with its control: the same procedure after the labels were dealt out again.</summary>
public static class EstimatorComparison
{
    /// <summary>Scores each estimator at every layer. Held-out figures are those of <see cref="LayerRanking"/>.</summary>
    /// <param name="set">Captured rows with labels.</param>
    /// <param name="estimators">What is compared.</param>
    /// <param name="shuffles">How often labels are dealt out again; every estimator gets the same deals.</param>
    /// <param name="seed">Seed of the deals.</param>
    /// <exception cref="CapvecException">A class has fewer than two traces, or the number of shuffles is not positive.</exception>
    public static IReadOnlyList<EstimatorScore> Run(ActivationSet set, IEnumerable<IDirectionEstimator> estimators, int shuffles, ulong seed)
    {
        if (shuffles < 1)
            throw new CapvecException($"{shuffles} shuffles are no control; give at least 1 (20 is usual).", null, CapvecException.WrongUsage);
        var labels = set.Labels;
        LeaveOneOut.RequireTwoOfEach(labels);
        var deals = Enumerable.Range(0, shuffles).Select(s => set.ShuffledLabels(SeededDraws.Bits(seed, (ulong)s)).Labels).ToList();
        var rows = new TrainingRows[set.Layers.Length];
        Layerwise.For(rows.Length, i => rows[i] = TrainingRows.Of(set, set.Layers[i]));
        return [.. estimators.Select(estimator =>
        {
            var method = HeldOutMethod.Of(estimator, labels);
            var observed = new double[rows.Length];
            var shuffled = new double[rows.Length][];
            Layerwise.For(rows.Length, i =>
            {
                var scorer = method.For(rows[i]);
                observed[i] = scorer(labels) is { } scores ? Auc.Of(scores, labels) : double.NaN;
                // Labels with which nothing can be fitted tell nothing: all ties.
                shuffled[i] = [.. deals.Select(deal => scorer(deal) is { } found ? Auc.Of(found, deal) : 0.5)];
            });
            return new EstimatorScore(estimator.Name, [.. observed], [.. shuffled.Select(s => s.Average())], [.. shuffled.Select(s => s.Max())]);
        })];
    }
}
