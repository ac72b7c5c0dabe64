using Capvec.Agents.Traces;
using Capvec.Experiments.Randomness;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;
using Capvec.Experiments.Storage;

namespace Capvec.Experiments.Analysis;

/// <summary>Counts the arms of one stage and compares each with base. Only trials of that stage enter.</summary>
public static class StageComparison
{
    /// <summary>
    /// The arms' figures in the order given. The paired difference is over tasks, with Student's interval (see <see cref="PairedDifference"/>; Newcombe's where
    /// all tasks differ alike by something, since their spread then says nothing); Holm's correction is over all arms of the stage
    /// that are compared, controls included.
    /// </summary>
    /// <param name="arms">Arms of one stage.</param>
    /// <param name="trials">Trials; those of other stages and arms are passed over.</param>
    /// <param name="seed">Seed of drawn sign flips.</param>
    public static IReadOnlyList<ArmResult> Compare(IReadOnlyList<ArmRow> arms, IEnumerable<TrialRow> trials, ulong seed)
    {
        var byArm = trials.ToLookup(t => (t.Stage, t.Arm));
        var @base = arms.FirstOrDefault(a => a.Kind == ArmKind.Base);
        var counted = arms.Select(arm => (Arm: arm, Rows: byArm[(arm.Stage, arm.Name)].ToList())).Select(x => (x.Arm, x.Rows, Result: Count(x.Arm, x.Rows))).ToList();
        if (@base is null)
            return [.. counted.Select(c => c.Result)];
        var reference = counted.First(c => c.Arm == @base);
        var comparisons = counted.Select(c => c.Arm == @base || c.Result.Trials == 0 || reference.Result.Trials == 0 ? null : Against(c.Result, c.Rows, reference.Result, reference.Rows, Seeds.Derive(seed, "sign-flip", c.Arm.Name))).ToList();
        var compared = Enumerable.Range(0, comparisons.Count).Where(i => comparisons[i] is not null).ToList();
        var holm = Holm.Adjust([.. compared.Select(i => comparisons[i]!.FisherTwoSided)]);
        for (var i = 0; i < compared.Count; i++)
            comparisons[compared[i]] = comparisons[compared[i]]! with { Holm = holm[i] };
        return [.. counted.Select((c, i) => c.Result with { AgainstBase = comparisons[i] })];
    }

    private static ArmResult Count(ArmRow arm, List<TrialRow> rows)
    {
        var trials = rows.Count(t => t.Reward is not null);
        var passed = rows.Count(t => t.Passed);
        return new ArmResult
        {
            Name = arm.Name,
            Kind = arm.Kind,
            Stage = arm.Stage,
            Layers = arm.Layers,
            Strength = arm.Strength,
            Alpha = arm.Alpha,
            Trials = trials,
            Passed = passed,
            Nulls = rows.Count - trials,
            Wilson = Wilson.Interval(passed, trials),
            Marks = Sum(rows, m => m),
            TrialsMarked = Sum(rows, m => Math.Min(1, m)),
        };
    }

    private static Comparison Against(ArmResult arm, List<TrialRow> rows, ArmResult @base, List<TrialRow> baseRows, ulong seed)
    {
        var differences = PairedTasks.Differences(rows, baseRows);
        var paired = PairedDifference.Of(differences);
        var interval = paired is { StandardError: 0, Mean: not 0 } ? Newcombe.Interval(arm.Passed, arm.Trials, @base.Passed, @base.Trials) : paired.Interval;
        var fisher = FisherExact.Test(arm.Passed, arm.Trials, @base.Passed, @base.Trials);
        return new Comparison
        {
            PairedDifference = paired.Mean,
            PairedInterval = interval,
            PairedP = SignFlip.TwoSided(differences, seed),
            Tasks = paired.Tasks,
            FisherGreater = fisher.Greater,
            FisherLess = fisher.Less,
            FisherTwoSided = fisher.TwoSided,
            Holm = fisher.TwoSided,
        };
    }

    private static TrialMarks Sum(List<TrialRow> rows, Func<int, int> count) => new()
    {
        ParseFail = rows.Sum(t => count(t.Marks.ParseFail)),
        NoCmd = rows.Sum(t => count(t.Marks.NoCmd)),
        EarlyDone = rows.Sum(t => count(t.Marks.EarlyDone)),
        LengthCut = rows.Sum(t => count(t.Marks.LengthCut)),
        Refusal = rows.Sum(t => count(t.Marks.Refusal)),
        Loop = rows.Sum(t => count(t.Marks.Loop)),
        Timeout = rows.Sum(t => count(t.Marks.Timeout)),
    };
}
