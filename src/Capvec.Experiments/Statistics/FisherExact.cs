using MathNet.Numerics;

namespace Capvec.Experiments.Statistics;

/// <summary>
/// Fisher's exact test of two shares, conditional on both margins: the first arm's passes are hypergeometric under the null. It is
/// conservative, the more so where both arms ran the same tasks, since the spread between tasks counts as noise in it.
/// </summary>
public static class FisherExact
{
    // Tables whose probability equals the observed one in exact arithmetic may differ in the last bits; the same allowance as in R and scipy.
    private const double RelativeTolerance = 1e-7;

    /// <summary>Tests <c>passed1/trials1</c> against <c>passed2/trials2</c>; every p is 1 where a side has no trial.</summary>
    public static FisherResult Test(int passed1, int trials1, int passed2, int trials2)
    {
        Counts.Check(passed1, trials1);
        Counts.Check(passed2, trials2);
        var passed = passed1 + passed2;
        int lowest = Math.Max(0, passed - trials2), highest = Math.Min(passed, trials1);
        var all = LogChoose(trials1 + trials2, passed);
        double Probability(int k) => Math.Exp(LogChoose(trials1, k) + LogChoose(trials2, passed - k) - all);

        var observed = Probability(passed1);
        double greater = 0, less = 0, two = 0;
        for (var k = lowest; k <= highest; k++)
        {
            var p = Probability(k);
            if (k >= passed1)
                greater += p;
            if (k <= passed1)
                less += p;
            if (p <= observed * (1 + RelativeTolerance))
                two += p;
        }

        return new FisherResult(Math.Min(1, greater), Math.Min(1, less), Math.Min(1, two));
    }

    private static double LogChoose(int n, int k) => SpecialFunctions.BinomialLn(n, k);
}
