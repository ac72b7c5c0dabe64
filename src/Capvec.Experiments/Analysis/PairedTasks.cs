using Capvec.Experiments.Results;

namespace Capvec.Experiments.Analysis;

/// <summary>Pairs two arms by task.</summary>
internal static class PairedTasks
{
    /// <summary>For every task on which both arms have a reward, the pass rate of the arm less that of base; in the order of task names.</summary>
    public static IReadOnlyList<double> Differences(IEnumerable<TrialRow> arm, IEnumerable<TrialRow> @base)
    {
        var rates = Rates(@base);
        return [.. Rates(arm).Where(r => rates.ContainsKey(r.Key)).OrderBy(r => r.Key, StringComparer.Ordinal).Select(r => r.Value - rates[r.Key])];
    }

    private static Dictionary<string, double> Rates(IEnumerable<TrialRow> trials) => trials.Where(t => t.Reward is not null)
        .GroupBy(t => t.Task).ToDictionary(g => g.Key, g => g.Average(t => t.Passed ? 1.0 : 0));
}
