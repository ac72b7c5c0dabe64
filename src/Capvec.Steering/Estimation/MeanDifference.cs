using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Estimation;

/// <summary>
/// The difference of class means: <c>v = mean(positives) - mean(negatives)</c>, direction <c>v / |v|</c>, margin <c>|v|</c>. Sums are in float64.
/// The margin equals the mean projection of the positives on the direction minus that of the negatives, because projection is linear.
/// </summary>
public static class MeanDifference
{
    /// <summary>The estimator's name in provenance.</summary>
    public const string Name = "mean-difference";

    /// <summary>The direction of every layer of a set.</summary>
    /// <param name="set">Captured rows with labels.</param>
    /// <param name="sign">What adding the direction moves towards; "positives minus negatives" when null.</param>
    /// <param name="time">Gives the date of creation.</param>
    /// <exception cref="CapvecException">A class is empty, or the means of a layer are equal.</exception>
    public static DirectionSet Fit(ActivationSet set, string? sign = null, TimeProvider? time = null) => DirectionFit.Fit(set, DirectionEstimators.Default, sign, time);

    /// <summary>The direction of one layer.</summary>
    /// <exception cref="CapvecException">A class is empty, the layer was not captured, or the means are equal.</exception>
    public static Direction Fit(ActivationSet set, int layer)
    {
        var index = set.IndexOf(layer);
        var sums = new[] { new double[set.Hidden], new double[set.Hidden] };
        var counts = new int[2];
        var norms = 0.0;
        for (var i = 0; i < set.Traces.Length; i++)
        {
            var row = set.Row(i, index);
            var side = set.Traces[i].IsPositive ? 1 : 0;
            counts[side]++;
            norms += Direction.Length(row);
            var sum = sums[side];
            for (var k = 0; k < row.Length; k++)
                sum[k] += row[k];
        }

        if (counts[0] == 0 || counts[1] == 0)
            throw new CapvecException($"{counts[1]} positive and {counts[0]} negative traces: a mean difference needs at least one of each; collect more traces or choose another contrast.");
        var difference = new double[set.Hidden];
        var squares = 0.0;
        for (var k = 0; k < difference.Length; k++)
        {
            difference[k] = (sums[1][k] / counts[1]) - (sums[0][k] / counts[0]);
            squares += difference[k] * difference[k];
        }

        var margin = Math.Sqrt(squares);
        if (margin == 0)
            throw new CapvecException($"the means of positives and negatives are equal at layer {layer}, so there is no direction; are the two sides the same traces?");
        return new Direction(layer, [.. difference.Select(x => (float)(x / margin))], margin, norms / set.Traces.Length);
    }
}
