using Capvec.Experiments.Results;

namespace Capvec.Reports.Figures;

/// <summary>
/// A 95% interval for an AUC that keeps its width at 0 and 1: Newcombe's pseudo-score method (method 5 of "Confidence intervals for an
/// effect size measure based on the Mann-Whitney statistic, part 2", Statistics in Medicine 2006), the ends θ of
/// |AUC - θ| = z·sqrt(V(θ)) with V(θ) = θ(1-θ)[1 + (N-1)((1-θ)/(2-θ) + θ/(1+θ))]/(m·n) and N = (m + n)/2.
/// It takes traces as independent; traces that share tasks make the true uncertainty larger.
/// </summary>
internal static class AucInterval
{
    private const double Z = 1.959963984540054;

    /// <summary>The interval for <paramref name="auc"/> from m positives and n negatives; NaN ends where either is 0 or the AUC is NaN.</summary>
    public static Interval Of(double auc, int positives, int negatives)
    {
        if (double.IsNaN(auc) || positives < 1 || negatives < 1)
            return new(double.NaN, double.NaN);

        bool Inside(double theta) => Math.Abs(auc - theta) <= Z * Math.Sqrt(Variance(theta, positives, negatives));
        return new(auc <= 0 ? 0 : Edge(auc, 0, Inside), auc >= 1 ? 1 : Edge(auc, 1, Inside));
    }

    private static double Variance(double theta, double m, double n)
    {
        var half = ((m + n) / 2) - 1;
        return theta * (1 - theta) * (1 + (half * (((1 - theta) / (2 - theta)) + (theta / (1 + theta))))) / (m * n);
    }

    private static double Edge(double inside, double outside, Func<double, bool> isInside)
    {
        // At the end point itself the variance is 0, so it is never inside unless the AUC equals it; at the AUC itself the distance is 0.
        for (var i = 0; i < 60; i++)
        {
            var middle = (inside + outside) / 2;
            if (isInside(middle))
                inside = middle;
            else
                outside = middle;
        }

        return inside;
    }
}
