using Capvec.Experiments.Results;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Statistics;

/// <summary>The percentile interval of a mean over tasks by drawing whole tasks with replacement: makes no assumption on the shape of the spread.</summary>
public static class ClusterBootstrap
{
    /// <summary>The percentile interval of the mean of <paramref name="values"/>, one a task; -1 to 1 for fewer than two tasks.</summary>
    /// <param name="values">One a task.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">Resamples.</param>
    /// <param name="confidence">Two-sided, for example 0.95.</param>
    public static Interval Interval(IReadOnlyList<double> values, ulong seed, int draws = 10_000, double confidence = 0.95)
    {
        if (values.Count < 2)
            return new Interval(-1, 1);
        var random = new SplitMix64(seed);
        var means = new double[draws];
        for (var d = 0; d < draws; d++)
        {
            var sum = 0.0;
            for (var i = 0; i < values.Count; i++)
                sum += values[random.Below(values.Count)];
            means[d] = sum / values.Count;
        }

        return Percentiles(means, confidence);
    }

    /// <summary>
    /// The percentile interval of a figure that compares two sides, drawing whole tasks; single values where there is one task alone. A draw without one of the sides is
    /// drawn again.
    /// </summary>
    /// <param name="values">Each with its task and side; both sides have some.</param>
    /// <param name="figure">The figure, from a draw's sums.</param>
    /// <param name="seed">Seed of the draws.</param>
    /// <param name="draws">Resamples.</param>
    /// <param name="confidence">Two-sided, for example 0.95.</param>
    public static Interval Interval(IReadOnlyList<(string Task, bool IsSolved, double Value)> values, Func<SideSums, double> figure, ulong seed, int draws = 10_000, double confidence = 0.95)
    {
        var isOneTask = values.Select(v => v.Task).Distinct().Count() == 1;
        var clusters = values.Index().GroupBy(v => isOneTask ? $"{v.Index}" : v.Item.Task).Select(g => SideSums.Of(g.Select(v => (v.Item.IsSolved, v.Item.Value)))).ToList();
        var random = new SplitMix64(seed);
        var figures = new double[draws];
        for (var d = 0; d < draws; d++)
        {
            SideSums sum;
            do
            {
                sum = default;
                for (var i = 0; i < clusters.Count; i++)
                    sum += clusters[random.Below(clusters.Count)];
            }
            while (sum.SolvedCount == 0 || sum.FailedCount == 0);
            figures[d] = figure(sum);
        }

        return Percentiles(figures, confidence);
    }

    private static Interval Percentiles(double[] values, double confidence)
    {
        Array.Sort(values);
        var tail = (1 - confidence) / 2;
        return new Interval(values[(int)Math.Floor(tail * (values.Length - 1))], values[(int)Math.Ceiling((1 - tail) * (values.Length - 1))]);
    }
}
