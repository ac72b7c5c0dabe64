namespace Capvec.Experiments.Statistics;

/// <summary>Holm's step-down correction (Holm 1979): bounds the chance of any false claim among m, whatever their dependence.</summary>
public static class Holm
{
    /// <summary>
    /// Adjusted p-values in the order given: with p sorted ascending, <c>max over j ≤ i of min(1, (m-j+1) p_(j))</c>. A claim holds at
    /// level a where its adjusted p is at most a.
    /// </summary>
    public static double[] Adjust(IReadOnlyList<double> p)
    {
        var adjusted = new double[p.Count];
        var highest = 0.0;
        var rank = 0;
        foreach (var i in Enumerable.Range(0, p.Count).OrderBy(i => p[i]))
            adjusted[i] = highest = Math.Max(highest, Math.Min(1, (p.Count - rank++) * p[i]));
        return adjusted;
    }
}
