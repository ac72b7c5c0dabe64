namespace Capvec.Experiments.Statistics;

/// <summary>Benjamini and Hochberg's step-up correction (1995): bounds the expected share of false claims among those made, for independent or positively dependent tests.</summary>
public static class BenjaminiHochberg
{
    /// <summary>Adjusted p-values in the order given: with p sorted ascending, <c>min over j ≥ i of min(1, m p_(j) / j)</c>.</summary>
    public static double[] Adjust(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var lowest = 1.0;
        var rank = p.Count;
        foreach (var i in Enumerable.Range(0, p.Count).OrderByDescending(i => p[i]))
            adjusted[i] = lowest = Math.Min(lowest, p.Count * p[i] / rank--);
        return adjusted;
    }
}
