using MathNet.Numerics.Distributions;

namespace Capvec.Experiments.Statistics;

/// <summary>
/// Normal-approximation power of a comparison of two independent shares (Fleiss, Levin and Paik, without continuity correction):
/// a true difference <c>|p1 - p2|</c> is found with the wanted power where it is at least
/// <c>z_{a/2} sqrt(q (1-q) (1/n1 + 1/n2)) + z_b sqrt(p1(1-p1)/n1 + p2(1-p2)/n2)</c>, q the pooled share.
/// Pairing makes a study somewhat more powerful than this, Fisher's test and Holm's correction somewhat less.
/// </summary>
public static class Power
{
    /// <summary>Trials an arm that find <paramref name="rate1"/> against <paramref name="rate2"/>; not rounded.</summary>
    /// <param name="rate1">True share of one arm.</param>
    /// <param name="rate2">True share of the other; must differ.</param>
    /// <param name="level">Two-sided.</param>
    /// <param name="power">Chance to find the difference.</param>
    public static double TrialsPerArm(double rate1, double rate2, double level = 0.05, double power = 0.8) =>
        Math.Pow(Needed(rate1, rate2, 1, 1, level, power) / (rate1 - rate2), 2);

    /// <summary>
    /// The smallest rise above <paramref name="baseRate"/> that is found with the wanted power, or <see cref="double.NaN"/> where even a rise to 1 is not.
    /// </summary>
    /// <param name="baseRate">True share of base.</param>
    /// <param name="baseTrials">Trials of base.</param>
    /// <param name="armTrials">Trials of the arm.</param>
    /// <param name="level">Two-sided.</param>
    /// <param name="power">Chance to find the difference.</param>
    public static double DetectableRise(double baseRate, int baseTrials, int armTrials, double level = 0.05, double power = 0.8)
    {
        if (baseTrials == 0 || armTrials == 0)
            return double.NaN;
        bool Found(double rise) => rise >= Needed(baseRate, baseRate + rise, baseTrials, armTrials, level, power);
        double low = 0, high = 1 - baseRate;
        if (!Found(high))
            return double.NaN;
        for (var i = 0; i < 60; i++)
        {
            var middle = (low + high) / 2;
            if (Found(middle))
                high = middle;
            else
                low = middle;
        }

        return high;
    }

    private static double Needed(double p1, double p2, double n1, double n2, double level, double power)
    {
        var q = ((n1 * p1) + (n2 * p2)) / (n1 + n2);
        return (Normal.InvCDF(0, 1, 1 - (level / 2)) * Math.Sqrt(q * (1 - q) * ((1 / n1) + (1 / n2))))
            + (Normal.InvCDF(0, 1, power) * Math.Sqrt((p1 * (1 - p1) / n1) + (p2 * (1 - p2) / n2)));
    }
}
