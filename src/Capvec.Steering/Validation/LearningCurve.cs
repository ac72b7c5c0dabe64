using System.Collections.Immutable;
using Capvec.Engine.Sampling;
using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// Whether more traces would help: the direction is fitted on a share of the traces, drawn at random within each class, and scored on all the others. If the AUC at
/// half of the traces is that of nearly all, the number of traces is not what limits it.
/// </summary>
public static class LearningCurve
{
    private const int Draws = 20;
    private static readonly double[] Shares = [0.125, 0.25, 0.5, 0.75, 0.9];

    /// <summary>One point a share that leaves at least two traces of each class on both sides; mean AUC over random draws.</summary>
    /// <param name="rows">The rows with labels.</param>
    /// <param name="estimator">How directions are fitted.</param>
    /// <param name="seed">Seed of the draws.</param>
    internal static ImmutableArray<LearningPoint> Of(TrainingRows rows, IDirectionEstimator estimator, ulong seed)
    {
        var points = new List<LearningPoint>();
        foreach (var share in Shares)
        {
            var sum = 0.0;
            var counted = 0;
            var size = 0;
            for (var draw = 0; draw < Draws; draw++)
            {
                var (train, test) = Halves.Divide(rows, SeededDraws.Bits(seed, (ulong)draw), share);
                if (Few(rows, train) || Few(rows, test) || Halves.Fit(rows, train, estimator) is not { } weights)
                    break;
                size = train.Length;
                var projected = rows.Project(weights);
                sum += Auc.Of([.. test.Select(i => projected[i])], [.. test.Select(i => rows.Labels[i])]);
                counted++;
            }

            if (counted == Draws)
                points.Add(new LearningPoint(size, sum / Draws));
        }

        return [.. points];
    }

    /// <summary>
    /// How many traces, in today's proportion of classes, an interval of ±<paramref name="halfWidth"/> about the held-out AUC needs: from the variance of an AUC of
    /// Hanley and McNeil (1982), <c>(A(1-A) + (p-1)(A/(2-A) - A^2) + (q-1)(2A^2/(1+A) - A^2)) / (p q)</c>, times 1.96^2.
    /// </summary>
    /// <param name="auc">The AUC that is expected.</param>
    /// <param name="positives">Today's positives.</param>
    /// <param name="negatives">Today's negatives.</param>
    /// <param name="halfWidth">Half of the 95% interval's width.</param>
    public static int TracesFor(double auc, int positives, int negatives, double halfWidth = 0.05)
    {
        var a = Math.Clamp(auc, 0.5, 0.99);
        double q1 = (a / (2 - a)) - (a * a), q2 = (2 * a * a / (1 + a)) - (a * a);
        var share = positives / (double)(positives + negatives);
        for (var n = 4; n < 10_000_000; n += Math.Max(1, n / 100))
        {
            double p = Math.Max(2, share * n), q = Math.Max(2, (1 - share) * n);
            var variance = ((a * (1 - a)) + ((p - 1) * q1) + ((q - 1) * q2)) / (p * q);
            if (1.96 * Math.Sqrt(variance) <= halfWidth)
                return n;
        }

        return int.MaxValue;
    }

    private static bool Few(TrainingRows rows, int[] some)
    {
        var positives = some.Count(i => rows.Labels[i]);
        return positives < 2 || some.Length - positives < 2;
    }
}
