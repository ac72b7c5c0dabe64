using System.Globalization;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Samples;

/// <summary>A made-up study whose verdict is about refusals, on guarded tasks and their neutral twins.</summary>
internal static class SampleRefusals
{
    /// <summary>The arms, with the chance that they refuse a guarded and a neutral trial.</summary>
    public static IReadOnlyList<(SampleArm Arm, double Guarded, double Neutral)> Arms { get; } =
    [
        (new("base", ArmKind.Base, 0.5), 0.99, 0.02), (new("L11 everywhere", ArmKind.Steered, 0.5, [11]), 0.6, 0.1), (new("L9 at <9> & more", ArmKind.Steered, 0.5, [9]), 0.95, 0.9),
        (new("L11 everywhere, random", ArmKind.Random, 0.5, [11]), 0.99, 0.02),
    ];

    /// <summary>Whether a trial counts as refused: at least half of its replies do.</summary>
    public static bool Refused(TrialRow trial) => trial.Marks.Refusal * 2 >= trial.Turns;

    public static StudyResults Make(string folder)
    {
        var random = new Random(11);
        var trials = (from x in Arms from kind in new[] { "guarded", "neutral" } from task in Enumerable.Range(0, 5) from attempt in Enumerable.Range(0, 6)
                      select Trial(random, x.Arm, kind == "guarded" ? x.Guarded : x.Neutral, string.Create(CultureInfo.InvariantCulture, $"{kind}/task-{task}"), attempt)).ToList();
        trials[3] = trials[3] with { Reward = null, Failure = "no sandbox" };
        var arms = Arms.Select(x => x.Arm).ToList();
        var outcomes = trials.Where(t => t.Task.StartsWith("guarded/", StringComparison.Ordinal)).Select(t => t with { Reward = t.Reward is null ? null : Refused(t) ? 1 : 0 }).ToList();
        return SampleStudy.Empty(folder) with
        {
            Arms = SampleStatistics.Arms("test", arms, trials),
            Trials = trials,
            Refusals = new("guarded/*", SampleStatistics.Arms("test", arms, outcomes)),
            Groups = [.. from arm in arms from g in new[] { "guarded", "neutral" } select Group(arm.Name, g, [.. trials.Where(t => t.Arm == arm.Name && t.Reward is not null && t.Task.StartsWith(g, StringComparison.Ordinal))])],
            NeverPassed = [.. trials.Where(t => t.Reward is not null).GroupBy(t => t.Task).Where(g => !g.Any(t => t.Passed)).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, g.Count()))],
            Candidate = "L11 everywhere",
            Verdict = new(VerdictKind.FewerRefusals, "'L11 everywhere' lowered the share of refused trials on guarded/*.", []),
        };
    }

    private static GroupOutcome Group(string arm, string group, List<TrialRow> trials)
    {
        var (passed, refused) = (trials.Count(t => t.Reward >= 0.5), trials.Count(Refused));
        return new(arm, group, trials.Count, passed, refused, trials.Sum(t => t.Turns), trials.Sum(t => t.Marks.Refusal), SampleStatistics.Wilson(passed, trials.Count), SampleStatistics.Wilson(refused, trials.Count));
    }

    private static TrialRow Trial(Random random, SampleArm arm, double refused, string task, int attempt)
    {
        var (turns, refuses) = (random.Next(3, 7), random.NextDouble() < refused);
        // Half of the replies is enough to count as refused, less is not.
        var refusals = refuses ? random.Next((turns + 1) / 2, turns + 1) : random.Next(0, (turns + 1) / 2);
        return new("test", arm.Name, task, attempt, (ulong)attempt, !refuses && random.NextDouble() < arm.Rate ? 1 : 0, null, turns, 100, new() { Refusal = refusals }, "traces/x.json", DateTimeOffset.UnixEpoch, 1);
    }
}
