using Capvec.Experiments.Results;
using MathNet.Numerics.Distributions;

namespace Capvec.Experiments.Statistics;

/// <summary>
/// The mean over tasks of a paired difference, with a standard error from the spread between tasks (Miller 2024, arXiv 2411.00640):
/// attempts at one task are one cluster, so tasks and not trials are counted.
/// </summary>
/// <param name="Mean"><c>d</c>, the mean of the tasks' differences.</param>
/// <param name="StandardError"><c>sqrt( sum (d_i - d)² / (T (T-1)) )</c>; NaN for fewer than two tasks.</param>
/// <param name="Interval">95%: <c>d ± t(0.975; T-1) SE</c>, Student's t, cut at -1 and 1; -1 to 1 for fewer than two tasks. No width where all tasks differ alike.</param>
/// <param name="Tasks">T.</param>
public sealed record PairedDifference(double Mean, double StandardError, Interval Interval, int Tasks)
{
    /// <summary>Computes it.</summary>
    /// <param name="differences">One a task: pass rate of the arm less that of base.</param>
    /// <param name="confidence">Two-sided, for example 0.95.</param>
    public static PairedDifference Of(IReadOnlyList<double> differences, double confidence = 0.95)
    {
        var n = differences.Count;
        if (n == 0)
            return new PairedDifference(double.NaN, double.NaN, new Interval(-1, 1), 0);
        var mean = differences.Sum() / n;
        if (n == 1)
            return new PairedDifference(mean, double.NaN, new Interval(-1, 1), 1);
        var error = Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / ((double)n * (n - 1)));
        var half = StudentT.InvCDF(0, 1, n - 1, (1 + confidence) / 2) * error;
        return new PairedDifference(mean, error, new Interval(Math.Max(-1, mean - half), Math.Min(1, mean + half)), n);
    }
}
