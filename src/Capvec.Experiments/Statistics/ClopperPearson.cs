using Capvec.Experiments.Results;
using MathNet.Numerics.Distributions;

namespace Capvec.Experiments.Statistics;

/// <summary>The exact interval of a share (Clopper and Pearson 1934): never covers less than it says, usually more.</summary>
public static class ClopperPearson
{
    /// <summary>Beta quantiles <c>(a/2; k, n-k+1)</c> and <c>(1-a/2; k+1, n-k)</c>; the whole of 0 to 1 for no trial.</summary>
    /// <param name="passed">k, at least 0 and at most <paramref name="trials"/>.</param>
    /// <param name="trials">n, at least 0.</param>
    /// <param name="confidence">Two-sided, for example 0.95.</param>
    public static Interval Interval(int passed, int trials, double confidence = 0.95)
    {
        Counts.Check(passed, trials);
        var tail = (1 - confidence) / 2;
        return new Interval(
            passed == 0 ? 0 : Beta.InvCDF(passed, trials - passed + 1, tail),
            passed == trials ? 1 : Beta.InvCDF(passed + 1, trials - passed, 1 - tail));
    }
}
