namespace Capvec.Experiments.Statistics;

/// <summary>Spearman's rank correlation.</summary>
public static class Spearman
{
    /// <summary>Pearson's correlation of the ranks, equal values sharing their mean rank; NaN for fewer than two pairs, or where one side is all equal.</summary>
    /// <param name="x">One side.</param>
    /// <param name="y">The other, as many.</param>
    public static double Correlation(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count)
            throw new ArgumentException($"{x.Count} values against {y.Count}", nameof(y));
        var (a, b) = (Ranks(x), Ranks(y));
        var mean = (x.Count + 1) / 2.0;
        double ab = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            ab += (a[i] - mean) * (b[i] - mean);
            aa += (a[i] - mean) * (a[i] - mean);
            bb += (b[i] - mean) * (b[i] - mean);
        }

        return aa == 0 || bb == 0 ? double.NaN : ab / Math.Sqrt(aa * bb);
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var ranks = new double[values.Count];
        for (var first = 0; first < order.Length;)
        {
            var end = first + 1;
            while (end < order.Length && values[order[end]] == values[order[first]])
                end++;
            for (var i = first; i < end; i++)
                ranks[order[i]] = (first + 1 + end) / 2.0;
            first = end;
        }

        return ranks;
    }
}
