using Capvec.Experiments.Results;
using MathNet.Numerics.Distributions;

namespace Capvec.Experiments.Statistics;

/// <summary>Wilson's score interval of a share (Wilson 1927): keeps its coverage for few trials and for shares near 0 and 1.</summary>
public static class Wilson
{
    /// <summary>
    /// <c>(k/n + z²/2n ± z sqrt(k(n-k)/n³ + z²/4n²)) / (1 + z²/n)</c>, within 0 to 1; the whole of 0 to 1 for no trial.
    /// </summary>
    /// <param name="passed">k, at least 0 and at most <paramref name="trials"/>.</param>
    /// <param name="trials">n, at least 0.</param>
    /// <param name="confidence">Two-sided, for example 0.95.</param>
    public static Interval Interval(int passed, int trials, double confidence = 0.95)
    {
        Counts.Check(passed, trials);
        if (trials == 0)
            return new Interval(0, 1);
        double k = passed, n = trials;
        var z = Normal.InvCDF(0, 1, (1 + confidence) / 2);
        var centre = (k / n) + (z * z / (2 * n));
        var half = z * Math.Sqrt((k * (n - k) / (n * n * n)) + (z * z / (4 * n * n)));
        var scale = 1 + (z * z / n);
        return new Interval(passed == 0 ? 0 : (centre - half) / scale, passed == trials ? 1 : (centre + half) / scale);
    }
}
