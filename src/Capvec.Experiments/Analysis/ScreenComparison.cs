using Capvec.Experiments.Randomness;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Statistics;
using Capvec.Experiments.Storage;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Analysis;

/// <summary>Compares a screen with the trials that came after it.</summary>
public static class ScreenComparison
{
    /// <summary>Fewer points than these have no order to speak of.</summary>
    public const int LeastPoints = 3;

    private const int Draws = 2000;

    /// <summary>
    /// Spearman's correlation of the screen's order (<see cref="ScreenResult.Points"/>, best first) with pass rates, in the stage that tried most of its points at single
    /// layers; null where no stage tried three. The interval draws the stage's tasks, which all arms share.
    /// </summary>
    /// <param name="screen">The screen.</param>
    /// <param name="arms">Arms of all stages.</param>
    /// <param name="trials">Trials of all stages.</param>
    /// <param name="seed">The study's seed.</param>
    public static ScreenAgreement? Compare(ScreenResult screen, IReadOnlyList<ArmRow> arms, IReadOnlyList<TrialRow> trials, ulong seed)
    {
        var (stage, tried) = new[] { Stages.Selection, Stages.Test }.Select(s => (s, Tried(screen, arms, trials, s))).MaxBy(x => x.Item2.Count);
        if (tried.Count < LeastPoints)
            return null;
        var tasks = tried.SelectMany(t => t.Rows.Select(r => r.Task)).Distinct().Order(StringComparer.Ordinal).ToList();
        var all = Correlate(tried, tasks, Seeds.Derive(seed, "screen agreement"));
        var bounded = tried.Where(t => t.Point.Kl <= screen.KlBound).ToList();
        var within = bounded.Count < LeastPoints || bounded.Count == tried.Count ? null : Correlate(bounded, tasks, Seeds.Derive(seed, "screen agreement within bound"));
        return new(stage, all.Correlation, all.Interval, tasks.Count, [.. tried.Select(t => t.Point)], within);
    }

    private static RankCorrelation Correlate(List<(ScreenedArm Point, List<TrialRow> Rows)> tried, List<string> tasks, ulong seed)
    {
        var counts = tried.Select(t => tasks.Select(task => (Passed: t.Rows.Count(r => r.Task == task && r.Passed), Trials: t.Rows.Count(r => r.Task == task))).ToArray()).ToList();
        var order = tried.Select(t => -(double)t.Point.Rank).ToList();
        var random = new SplitMix64(seed);
        // A draw of tasks on which all points did the same has no order: it counts as the worst at either end, so that few passes never look like certainty.
        var drawn = Enumerable.Range(0, Draws).Select(_ =>
        {
            var sample = Enumerable.Range(0, tasks.Count).Select(_ => random.Below(tasks.Count)).ToList();
            return Spearman.Correlation(order, [.. counts.Select(c => Rate(sample.Select(i => c[i])))]);
        }).ToList();
        var (low, high) = (drawn.Select(r => double.IsNaN(r) ? -1 : r).Order().ToList(), drawn.Select(r => double.IsNaN(r) ? 1 : r).Order().ToList());
        var interval = new Interval(low[(int)(0.025 * (Draws - 1))], high[(int)Math.Ceiling(0.975 * (Draws - 1))]);
        return new(Spearman.Correlation(order, [.. counts.Select(Rate)]), interval, tried.Count);
    }

    private static List<(ScreenedArm Point, List<TrialRow> Rows)> Tried(ScreenResult screen, IReadOnlyList<ArmRow> arms, IReadOnlyList<TrialRow> trials, string stage)
    {
        var tried = new List<(ScreenedArm, List<TrialRow>)>();
        foreach (var (i, point) in screen.Points.Index())
        {
            var arm = arms.FirstOrDefault(a => a.Stage == stage && a.Kind is (ArmKind.Steered or ArmKind.Negative) && a.Layers.Count == 1 && a.Layers[0] == point.Layer && a.Strength == point.Strength);
            var rows = arm is null ? [] : trials.Where(t => t.Stage == stage && t.Arm == arm.Name && t.Reward is not null).ToList();
            if (rows.Count > 0)
                tried.Add((new(arm!.Name, i + 1, point.Effect, point.Kl, rows.Count(r => r.Passed), rows.Count), rows));
        }

        return tried;
    }

    private static double Rate(IEnumerable<(int Passed, int Trials)> counts)
    {
        var (passed, trials) = (0, 0);
        foreach (var count in counts)
            (passed, trials) = (passed + count.Passed, trials + count.Trials);
        return trials == 0 ? 0 : (double)passed / trials;
    }
}
