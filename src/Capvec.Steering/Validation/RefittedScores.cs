using System.Numerics.Tensors;
using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// Held-out scores for any estimator: a fold at a time the direction is fitted on the other rows, and the fold's rows are scored <c>(x - m).v / |v|</c>, m the mean of
/// the training rows. <see cref="HeldOutScores"/> does the same for the mean difference in closed form.
/// </summary>
internal static class RefittedScores
{
    /// <summary>Scores every row; null where a fold leaves rows that the estimator has no direction for.</summary>
    /// <param name="rows">The rows with labels.</param>
    /// <param name="folds">What is left out together.</param>
    /// <param name="estimator">How.</param>
    public static double[]? TryScore(TrainingRows rows, Folds folds, IDirectionEstimator estimator)
    {
        var scores = new double[rows.Count];
        for (var fold = 0; fold < folds.Count; fold++)
        {
            var outside = Enumerable.Range(0, rows.Count).Where(i => folds.Of[i] != fold).ToArray();
            if (Halves.Fit(rows, outside, estimator) is not { } weights)
                return null;
            var length = Math.Sqrt(rows.Inner(weights, weights));
            var origin = outside.Average(i => TensorPrimitives.Dot(rows.Products(i), weights));
            for (var i = 0; i < rows.Count; i++)
            {
                if (folds.Of[i] == fold)
                    scores[i] = (TensorPrimitives.Dot(rows.Products(i), weights) - origin) / length;
            }
        }

        return scores;
    }
}
