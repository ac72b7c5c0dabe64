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

        Array.Sort(means);
        var tail = (1 - confidence) / 2;
        return new Interval(means[(int)Math.Floor(tail * (draws - 1))], means[(int)Math.Ceiling((1 - tail) * (draws - 1))]);
    }
}
