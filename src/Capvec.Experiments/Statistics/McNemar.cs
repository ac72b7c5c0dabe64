using MathNet.Numerics;

namespace Capvec.Experiments.Statistics;

/// <summary>McNemar's test of paired pass/fail outcomes: only pairs that differ count, and under the null each falls either way with probability 1/2.</summary>
public static class McNemar
{
    /// <summary>Exact two-sided p: <c>min(1, 2 sum_{i ≤ min(b,c)} C(b+c,i) / 2^(b+c))</c>.</summary>
    /// <param name="gained">b, pairs that only the arm passed.</param>
    /// <param name="lost">c, pairs that only base passed.</param>
    public static double Exact(int gained, int lost) => Math.Min(1, 2 * LowerTail(gained, lost));

    /// <summary>
    /// Mid-p two-sided (Fagerland, Lydersen and Laake 2013): tables as extreme as the observed one count half. With
    /// <c>f = C(b+c, min(b,c)) / 2^(b+c)</c> it is the exact p less f, and <c>1 - f/2</c> where b = c. Less conservative; 1 without pairs that differ.
    /// </summary>
    /// <param name="gained">b, pairs that only the arm passed.</param>
    /// <param name="lost">c, pairs that only base passed.</param>
    public static double MidP(int gained, int lost)
    {
        var observed = Probability(gained + lost, Math.Min(gained, lost));
        if (gained == lost)
            return gained == 0 ? 1 : 1 - (observed / 2);
        return (2 * LowerTail(gained, lost)) - observed;
    }

    private static double LowerTail(int b, int c)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(b);
        ArgumentOutOfRangeException.ThrowIfNegative(c);
        var sum = 0.0;
        for (var i = 0; i <= Math.Min(b, c); i++)
            sum += Probability(b + c, i);
        return sum;
    }

    private static double Probability(int n, int i) => Math.Exp(SpecialFunctions.BinomialLn(n, i) - (n * Math.Log(2)));
}
