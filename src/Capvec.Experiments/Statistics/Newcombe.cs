using Capvec.Experiments.Results;

namespace Capvec.Experiments.Statistics;

/// <summary>Newcombe's hybrid score interval of a difference of two independent shares (Newcombe 1998, method 10).</summary>
public static class Newcombe
{
    /// <summary>
    /// <c>d - sqrt((p1-l1)² + (u2-p2)²)</c> to <c>d + sqrt((u1-p1)² + (p2-l2)²)</c> with <c>d = p1 - p2</c> and Wilson's l and u;
    /// -1 to 1 where a side has no trial.
    /// </summary>
    public static Interval Interval(int passed1, int trials1, int passed2, int trials2, double confidence = 0.95)
    {
        if (trials1 == 0 || trials2 == 0)
            return new Interval(-1, 1);
        var one = Wilson.Interval(passed1, trials1, confidence);
        var two = Wilson.Interval(passed2, trials2, confidence);
        double p1 = (double)passed1 / trials1, p2 = (double)passed2 / trials2;
        return new Interval(
            p1 - p2 - Math.Sqrt(Square(p1 - one.Lower) + Square(two.Upper - p2)),
            p1 - p2 + Math.Sqrt(Square(one.Upper - p1) + Square(p2 - two.Lower)));
    }

    private static double Square(double x) => x * x;
}
