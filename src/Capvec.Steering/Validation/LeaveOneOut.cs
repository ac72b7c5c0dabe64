using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Steering.Validation;

/// <summary>
/// Leave-one-out validation of the mean difference: each trace is scored on the direction fitted on all others, and the AUC is taken over
/// these scores. In-sample AUC says nothing when there are more dimensions than traces; this one does.
/// <para>
/// On pure noise the figure is not spread around 0.5 as an AUC of independent scores would be: taking a trace out moves its own class mean
/// away from it. Before scaling, the difference of the two classes' mean scores is <c>|w|^2 - tr(S+)/n+ - tr(S-)/n-</c> (w in sample, S the covariances
/// within classes): 0 on average under the null, but skewed, mostly a little below 0 and now and then far above. The AUC follows: mean 0.47 to 0.51 in
/// simulations, most draws below 0.5 when classes are unequal or one axis of variation dominates, standard deviation 0.22 at 5 against 12 traces.
/// So an AUC a little under 0.5 is no evidence of a reversed direction, and one above it is to be judged by <see cref="PermutationTest"/>, which shares the
/// bias, and not by a formula. Traces of one task are alike: see also <see cref="Folds.ByGroup"/>.
/// </para>
/// </summary>
public static class LeaveOneOut
{
    /// <summary>The held-out AUC of one layer.</summary>
    /// <exception cref="CapvecException">A class has fewer than two traces, or the layer was not captured.</exception>
    public static double HeldOutAuc(ActivationSet set, int layer) => Auc.Of(Scores(set, layer), set.Labels);

    /// <summary>
    /// The held-out score of each trace: <c>(x - m).w / |w|</c> with w the mean difference and m the mean of the other traces. In
    /// O(traces x hidden), from the sums over the classes.
    /// </summary>
    /// <exception cref="CapvecException">A class has fewer than two traces, or the layer was not captured.</exception>
    public static double[] Scores(ActivationSet set, int layer)
    {
        var index = set.IndexOf(layer);
        var (n, hidden) = (set.Traces.Length, set.Hidden);
        var labels = set.Labels;
        RequireTwoOfEach(labels);
        var mean = new double[hidden];
        for (var i = 0; i < n; i++)
            Accumulate(set.Row(i, index), mean, 1.0 / n);
        double[] a = new double[hidden], b = new double[hidden]; // sums over positives and negatives, the mean taken off
        double p = 0, q = 0;
        for (var i = 0; i < n; i++)
        {
            var side = labels[i] ? a : b;
            _ = labels[i] ? p++ : q++;
            Accumulate(set.Row(i, index), side, 1);
            for (var k = 0; k < hidden; k++)
                side[k] -= mean[k];
        }

        double aa = Dot(a, a), ab = Dot(a, b), bb = Dot(b, b);
        var scores = new double[n];
        var x = new double[hidden];
        for (var i = 0; i < n; i++)
        {
            for (var k = 0; k < hidden; k++)
                x[k] = set.Row(i, index)[k] - mean[k];
            double xa = Dot(x, a), xb = Dot(x, b), xx = Dot(x, x);
            scores[i] = labels[i]
                ? Score(xa - xx, xb, aa - (2 * xa) + xx, ab - xb, bb, p - 1, q)
                : Score(xa, xb - xx, aa, ab - xa, bb - (2 * xb) + xx, p, q - 1);
        }

        return scores;
    }

    /// <summary>Refuses labels with which a trace could not be left out.</summary>
    internal static void RequireTwoOfEach(ReadOnlySpan<bool> labels)
    {
        var positives = labels.Count(true);
        if (positives < 2 || labels.Length - positives < 2)
            throw new CapvecException($"{positives} positive and {labels.Length - positives} negative traces: held-out validation needs at least two of each; collect more traces or choose another contrast.");
    }

    private static double Score(double xa, double xb, double aa, double ab, double bb, double p, double q)
    {
        var squares = (aa / (p * p)) - (2 * ab / (p * q)) + (bb / (q * q));
        if (squares <= 1e-12 * ((aa / (p * p)) + (bb / (q * q))))
            return 0; // equal means: no direction
        var origin = ((aa / p) - (ab / q) + (ab / p) - (bb / q)) / (p + q);
        return ((xa / p) - (xb / q) - origin) / Math.Sqrt(squares);
    }

    private static void Accumulate(ReadOnlySpan<float> row, double[] sum, double factor)
    {
        for (var k = 0; k < sum.Length; k++)
            sum[k] += factor * row[k];
    }

    private static double Dot(double[] x, double[] y) => System.Numerics.Tensors.TensorPrimitives.Dot<double>(x, y);
}
