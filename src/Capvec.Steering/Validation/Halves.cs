using Capvec.Engine.Sampling;
using Capvec.Formats.Errors;
using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// How much a direction depends on which traces made it: it is fitted on two halves of the traces, drawn at random within each class, and the cosine between the
/// two is taken. Two random directions in d dimensions have a cosine of about 0, give or take <c>1/sqrt(d)</c>.
/// </summary>
internal static class Halves
{
    /// <summary>How many divisions into halves are averaged.</summary>
    public const int Divisions = 20;

    /// <summary>The mean cosine; null where halves have no direction.</summary>
    /// <param name="rows">The rows with labels.</param>
    /// <param name="estimator">How directions are fitted.</param>
    /// <param name="seed">Seed of the divisions.</param>
    public static double? Cosine(TrainingRows rows, IDirectionEstimator estimator, ulong seed)
    {
        var sum = 0.0;
        for (var division = 0; division < Divisions; division++)
        {
            var (first, second) = Divide(rows, SeededDraws.Bits(seed, (ulong)division));
            if (Fit(rows, first, estimator) is not { } a || Fit(rows, second, estimator) is not { } b)
                return null;
            sum += rows.Inner(a, b) / Math.Sqrt(rows.Inner(a, a) * rows.Inner(b, b));
        }

        return sum / Divisions;
    }

    /// <summary>Some of the traces of each class, drawn at random, and the others.</summary>
    /// <param name="rows">The rows with labels.</param>
    /// <param name="seed">Seed of the draw.</param>
    /// <param name="share">Share of each class that is in the first part.</param>
    internal static (int[] First, int[] Second) Divide(TrainingRows rows, ulong seed, double share = 0.5)
    {
        var labels = rows.Labels.ToArray();
        var order = Enumerable.Range(0, rows.Count).OrderBy(i => SeededDraws.Bits(seed, (ulong)i)).ToLookup(i => labels[i]);
        var first = new[] { true, false }.SelectMany(side => order[side].Take((int)Math.Round(share * order[side].Count(), MidpointRounding.AwayFromZero))).Order().ToArray();
        return (first, [.. Enumerable.Range(0, rows.Count).Except(first)]);
    }

    /// <summary>The weights over all rows of a direction that some of them make; null where they make none.</summary>
    internal static double[]? Fit(TrainingRows rows, int[] some, IDirectionEstimator estimator)
    {
        var training = rows.Take(some);
        if (training.Positives == 0 || training.Negatives == 0)
            return null;
        try
        {
            var fitted = estimator.Weights(training);
            var weights = new double[rows.Count + 1];
            for (var k = 0; k < some.Length; k++)
                weights[some[k]] = fitted[k];
            weights[rows.MeanRow] = fitted[training.MeanRow];
            return rows.Inner(weights, weights) > 0 ? weights : null;
        }
        catch (CapvecException)
        {
            return null; // too few rows of the kind that this estimator needs
        }
    }
}
