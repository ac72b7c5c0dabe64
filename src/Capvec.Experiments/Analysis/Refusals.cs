using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Statistics;
using Capvec.Experiments.Studies;

namespace Capvec.Experiments.Analysis;

/// <summary>Counts refusals.</summary>
public static class Refusals
{
    /// <summary>Whether the agent refused the task: at least half of the trial's replies do.</summary>
    public static bool Refused(TrialRow trial) => trial.Turns > 0 && 2 * trial.Marks.Refusal >= trial.Turns;

    /// <summary>Trials with "refused" in place of "passed", so that everything that compares passes compares refusals. Trials without a reward keep none.</summary>
    public static IReadOnlyList<TrialRow> AsOutcome(IEnumerable<TrialRow> trials) => [.. trials.Select(t => t with { Reward = t.Reward is null ? null : Refused(t) ? 1 : 0 })];

    /// <summary>What each arm did on each group of tasks in the test; empty where tasks have no groups.</summary>
    public static IReadOnlyList<GroupOutcome> ByGroup(IEnumerable<string> arms, IEnumerable<TrialRow> trials)
    {
        var rows = trials.Where(t => t is { Stage: Stages.Test, Reward: not null } && TaskGroups.Of(t.Task).Length > 0).ToLookup(t => (t.Arm, Group: TaskGroups.Of(t.Task)));
        var groups = rows.Select(r => r.Key.Group).Distinct().Order(StringComparer.Ordinal).ToList();
        return [.. from arm in arms from g in groups where rows.Contains((arm, g)) select Count(arm, g, [.. rows[(arm, g)]])];
    }

    private static GroupOutcome Count(string arm, string group, List<TrialRow> trials)
    {
        var (passed, refused) = (trials.Count(t => t.Passed), trials.Count(Refused));
        return new(arm, group, trials.Count, passed, refused, trials.Sum(t => t.Turns), trials.Sum(t => t.Marks.Refusal),
            Wilson.Interval(passed, trials.Count), Wilson.Interval(refused, trials.Count));
    }
}
