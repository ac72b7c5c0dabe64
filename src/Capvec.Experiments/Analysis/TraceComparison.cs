using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Storage;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Analysis;

/// <summary>Compares arms whose traces lie in folders, without a study: the figures are a study's (docs/statistics.md).</summary>
public static class TraceComparison
{
    /// <summary>Every arm among the traces, base first, the others by name.</summary>
    /// <param name="traces">Traces of all arms.</param>
    /// <param name="base">Name of the arm that the others are compared with.</param>
    /// <exception cref="CapvecException">There is no such arm, nothing beside it, or a trial twice.</exception>
    public static IReadOnlyList<ComparedArm> Compare(IEnumerable<Trajectory> traces, string @base)
    {
        var rows = traces.Select(trace => TraceRow.Of(Stages.Test, trace, "")).ToList();
        var names = rows.Select(r => r.Arm).Distinct(StringComparer.Ordinal).OrderBy(name => name != @base).ThenBy(name => name, StringComparer.Ordinal).ToList();
        if (!names.Contains(@base))
            throw new CapvecException($"there is no trace of the arm {@base}; there are {(names.Count == 0 ? "none at all" : string.Join(", ", names))}.", exitCode: CapvecException.WrongUsage);
        if (names.Count == 1)
            throw new CapvecException($"all traces are of the arm {@base}; give those of another arm too, collected with the same --seed and --attempts.", exitCode: CapvecException.WrongUsage);
        if (rows.GroupBy(r => (r.Arm, r.Task, r.Attempt)).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new CapvecException($"attempt {twice.Key.Attempt} of {twice.Key.Arm} at {twice.Key.Task} is there twice; compare one set of tasks at a time.", exitCode: CapvecException.WrongUsage);
        List<ArmRow> arms = [.. names.Select((name, i) => new ArmRow(Stages.Test, i, name, name == @base ? ArmKind.Base : ArmKind.Steered, [], null, null, null, rows.Count(r => r.Arm == name)))];
        var (passes, refusals) = (StageComparison.Compare(arms, rows, 0), StageComparison.Compare(arms, Refusals.AsOutcome(rows), 0));
        var byArm = rows.ToLookup(r => r.Arm);
        return [.. arms.Select((arm, i) =>
        {
            var mine = byArm[arm.Name].ToList();
            return new ComparedArm(passes[i], refusals[i], mine.Sum(t => t.Turns), mine.Sum(t => t.Marks.Refusal), i == 0 ? null : AlphaZeroCheck.Of(mine, byArm[@base]), i == 0 ? 0 : SameOutcome(mine, byArm[@base]));
        })];
    }

    private static int SameOutcome(IEnumerable<TrialRow> arm, IEnumerable<TrialRow> @base)
    {
        var references = @base.Where(t => t.Reward is not null).ToDictionary(t => (t.Task, t.Attempt, t.Seed));
        return arm.Count(t => t.Reward is not null && references.TryGetValue((t.Task, t.Attempt, t.Seed), out var r) && (r.Passed, Refusals.Refused(r)) == (t.Passed, Refusals.Refused(t)));
    }
}
