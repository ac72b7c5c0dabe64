using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// Another estimator's direction with nuisance directions taken out of it: <c>v - N (N'N)^-1 N'v</c>, by Gram and Schmidt. Nuisances are fitted on the same training rows:
/// <list type="bullet">
/// <item><c>neutral</c>: the mean of the negatives, so that the direction no longer changes how far a plain residual reaches (llm-abliteration, heretic);</item>
/// <item>the name of a measure (<c>turns</c>, ...): the covariance of the rows with it;</item>
/// <item><c>arm</c>: for each arm, the same with 1 for its traces and 0 for all others, so that which model wrote a trace no longer shows.</item>
/// </list>
/// The last two are fitted within the classes, since across them they would be the contrast itself wherever the two go together.
/// </summary>
internal sealed class Orthogonalised(IDirectionEstimator inner, IReadOnlyList<string> nuisances) : IDirectionEstimator
{
    /// <summary>Below this share of the direction's squared length nothing is left but rounding.</summary>
    private const double Least = 1e-6;

    /// <summary>A nuisance of which less than this share of its squared length is new lies in the span of the others; what is left is noise, which must not be taken out as if it were a direction.</summary>
    private const double LeastNew = 0.01;

    /// <inheritdoc/>
    public string Name => $"{inner.Name}, orthogonal to {string.Join(", ", nuisances)}";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var weights = inner.Weights(rows);
        var before = rows.Inner(weights, weights);
        var basis = new List<double[]>();
        foreach (var nuisance in nuisances.SelectMany(name => Nuisances(rows, name)))
        {
            var length = rows.Inner(nuisance, nuisance);
            foreach (var done in basis)
                Remove(rows, nuisance, done);
            var left = rows.Inner(nuisance, nuisance);
            if (left <= LeastNew * length || left == 0)
                continue;
            var scale = 1 / Math.Sqrt(left);
            basis.Add([.. nuisance.Select(x => x * scale)]);
        }

        foreach (var done in basis)
            Remove(rows, weights, done);
        return rows.Inner(weights, weights) > Least * before
            ? weights
            : throw new CapvecException($"nothing of the direction is left when {string.Join(", ", nuisances)} is taken out of it; in these traces the contrast is that and nothing else.");
    }

    private static void Remove(TrainingRows rows, double[] from, double[] unit)
    {
        var along = rows.Inner(from, unit);
        for (var i = 0; i < from.Length; i++)
            from[i] -= along * unit[i];
    }

    private static IEnumerable<double[]> Nuisances(TrainingRows rows, string name) => name switch
    {
        "neutral" => [Neutral(rows)],
        "arm" => Arms(rows),
        _ => [Measure(rows, name)],
    };

    private static double[] Neutral(TrainingRows rows)
    {
        var weights = new double[rows.Count + 1];
        for (var i = 0; i < rows.Count; i++)
            weights[i] = rows.Labels[i] ? 0 : 1.0 / rows.Negatives;
        weights[rows.MeanRow] = 1;
        return weights;
    }

    private static IEnumerable<double[]> Arms(TrainingRows rows)
    {
        if (rows.Arms.Contains(null))
            throw new CapvecException("the traces do not say which arm wrote them, so arm cannot be taken out; capture them again.");
        return rows.Arms.Distinct(StringComparer.Ordinal).Select(arm => rows.Uncentre([.. rows.Arms.Select(a => a == arm ? 1.0 : 0)], byClass: true));
    }

    private static double[] Measure(TrainingRows rows, string name)
    {
        var values = new double[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            values[i] = rows.Measures[i].TryGetValue(name, out var value)
                ? value
                : throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"'{name}' is not known of every trace; known are neutral, arm{string.Concat(rows.Measures[i].Keys.Select(key => $", {key}"))}."));
        }

        return rows.Uncentre(values, byClass: true); // X'z with both about the class means
    }
}
