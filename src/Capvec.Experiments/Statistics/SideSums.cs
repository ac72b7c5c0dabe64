namespace Capvec.Experiments.Statistics;

/// <summary>Sums over two sides, solved and failed.</summary>
/// <param name="Solved">Sum of the solved side's values.</param>
/// <param name="SolvedCount">How many.</param>
/// <param name="Failed">Sum of the failed side's values.</param>
/// <param name="FailedCount">How many.</param>
public readonly record struct SideSums(double Solved, int SolvedCount, double Failed, int FailedCount)
{
    /// <summary>The mean of the solved side less that of the failed side.</summary>
    public double Difference => (Solved / SolvedCount) - (Failed / FailedCount);

    /// <summary>Where values are weights: the solved side's share of the weight, less its share of the values.</summary>
    public double ShareChange => (Solved / (Solved + Failed)) - ((double)SolvedCount / (SolvedCount + FailedCount));

    /// <summary>Sums up values.</summary>
    public static SideSums Of(IEnumerable<(bool IsSolved, double Value)> values)
    {
        var sum = default(SideSums);
        foreach (var (isSolved, value) in values)
            sum += isSolved ? new(value, 1, 0, 0) : new(0, 0, value, 1);
        return sum;
    }

    /// <summary>Both together.</summary>
    public static SideSums operator +(SideSums a, SideSums b) => new(a.Solved + b.Solved, a.SolvedCount + b.SolvedCount, a.Failed + b.Failed, a.FailedCount + b.FailedCount);
}
