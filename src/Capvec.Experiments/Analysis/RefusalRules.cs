using System.Globalization;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;

namespace Capvec.Experiments.Analysis;

/// <summary>
/// Judges a test that is about refusals: whether a steered arm refuses less (or more) often than base on the tasks in question, what it passes there, and what it does to
/// the other tasks. The tests are those of <see cref="VerdictRules"/>, on refusals; of several steered arms the one with the smallest corrected p among those that
/// refuse less is named, and Holm's correction covers that choice.
/// </summary>
internal sealed class RefusalRules
{
    private const double Level = VerdictRules.Level;

    private readonly string _tasks;
    private readonly IReadOnlyList<ArmResult> _refused;
    private readonly IReadOnlyList<ArmResult> _passed;
    private readonly IReadOnlyList<ArmResult> _others;
    private readonly ILookup<string, TrialRow> _trials;
    private readonly List<string> _notes = [];

    /// <param name="refusals">The arms on the tasks in question, "passed" standing for "refused".</param>
    /// <param name="passed">The same arms and tasks by passes.</param>
    /// <param name="others">The arms on the other tasks by passes; empty where there are none.</param>
    /// <param name="trials">All trials of the test.</param>
    public RefusalRules(RefusalResult refusals, IReadOnlyList<ArmResult> passed, IReadOnlyList<ArmResult> others, IEnumerable<TrialRow> trials) =>
        (_tasks, _refused, _passed, _others, _trials) = (refusals.Tasks, refusals.Arms, passed, others, trials.ToLookup(t => t.Arm));

    /// <summary>Judges.</summary>
    /// <param name="planned">Trials that the study plans for the test, or 0 where it is not known yet.</param>
    /// <returns>The verdict, and the name of the arm it is about (null where there is none).</returns>
    public (Verdict Verdict, string? Candidate) Judge(int planned)
    {
        var done = _trials.Sum(t => t.Count());
        var @base = _refused.FirstOrDefault(a => a.Kind == ArmKind.Base);
        var candidate = _refused.Where(a => a is { Kind: ArmKind.Steered, AgainstBase: not null })
            .OrderBy(a => a.AgainstBase!.PairedDifference < 0 ? 0 : 1).ThenBy(a => a.AgainstBase!.FisherTwoSided).ThenBy(a => a.AgainstBase!.PairedDifference).FirstOrDefault();
        if (planned == 0 || done < planned)
            return (new(VerdictKind.Incomplete, planned == 0 ? "The study has not reached its test yet." : Text($"The test is not finished: {done} of {planned} trials are done."), []), candidate?.Name);
        if (@base is not { Trials: > 0 } || candidate is null)
            return (new(VerdictKind.Incomplete, $"No trial of base or of a steered arm on {_tasks} has a reward, so nothing can be compared.", []), candidate?.Name);

        var comparison = candidate.AgainstBase!;
        var twin = Twin(candidate);
        var fault = AlphaZeroFault() ?? RandomFault(twin, @base);
        SideEffects(candidate);
        NoteOthers(candidate);
        var figures = $"{Figures.Rate(candidate)} against {Figures.Rate(@base)} for base, {Figures.Difference(comparison)}, {Figures.P(comparison.Holm)}";
        if (fault is not null)
            return (new(VerdictKind.ControlFailed, $"{fault} So the difference in refusals on {_tasks} ('{candidate.Name}': {figures}) cannot be put down to the direction.", _notes), candidate.Name);
        if (comparison.Holm >= Level)
            return (new(VerdictKind.NoDifference, $"'{candidate.Name}' made no difference to refusals on {_tasks} that could be shown: {figures}.", _notes), candidate.Name);
        var fell = candidate.Rate < @base.Rate;
        var control = twin?.AgainstBase is { } random ? $"a random direction in its place did not ({Figures.Difference(random, "")})" : "no random direction was run in its place, so any direction might do the same";
        var passes = Find(_passed, candidate.Name) is { Trials: > 0 } there && _passed.First(a => a.Kind == ArmKind.Base) is var plain
            ? $" It passed {Figures.Percent(there.Rate)} of these trials, base {Figures.Percent(plain.Rate)}."
            : "";
        return (new(fell ? VerdictKind.FewerRefusals : VerdictKind.MoreRefusals,
            $"'{candidate.Name}' {(fell ? "lowered" : "raised")} the share of refused trials on {_tasks} from {Figures.Rate(@base)} to {Figures.Rate(candidate)}: {Figures.Difference(comparison)}, {Figures.P(comparison.Holm)}; {control}.{passes}", _notes), candidate.Name);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static ArmResult? Find(IReadOnlyList<ArmResult> arms, string name) => arms.FirstOrDefault(a => a.Name == name);

    private ArmResult? Twin(ArmResult arm) => VerdictRules.RandomOf(_refused, arm);

    private string? AlphaZeroFault()
    {
        var (zero, @base) = (_refused.FirstOrDefault(a => a.Kind == ArmKind.AlphaZero), _refused.First(a => a.Kind == ArmKind.Base));
        if (zero is null)
            return null;
        var check = AlphaZeroCheck.Of(_trials[zero.Name], _trials[@base.Name]);
        if (check.Different > 0)
            return Text($"The instrument is at fault: strength 0 has to give base's trials token for token, but {check.Different} of {check.Compared} differ.");
        _notes.Add(Text($"Strength 0 gave base's trials token for token ({check.Compared} of {check.Compared})."));
        return null;
    }

    private string? RandomFault(ArmResult? twin, ArmResult @base)
    {
        var controls = new[] { _refused.FirstOrDefault(a => a.Kind == ArmKind.AgainstItself), twin }.OfType<ArmResult>().Where(a => a.AgainstBase is not null).ToList();
        var corrected = Holm.Adjust([.. controls.Select(a => a.AgainstBase!.FisherTwoSided)]);
        for (var i = 0; i < controls.Count; i++)
        {
            var what = controls[i].Kind == ArmKind.Random ? "a random direction in place of the direction" : "base run again with other seeds";
            if (corrected[i] < Level)
                return $"A control failed: {what} refuses another share than base ({Figures.Rate(controls[i])} against {Figures.Rate(@base)}, {Figures.P(corrected[i])}).";
            if (controls[i].Kind == ArmKind.AgainstItself)
                _notes.Add($"Base against itself: {Figures.Difference(controls[i].AgainstBase!)} refused, {Figures.P(controls[i].AgainstBase!.FisherTwoSided)}.");
        }

        return null;
    }

    private void SideEffects(ArmResult candidate)
    {
        if (Find(_others, candidate.Name) is not { Trials: > 0, AgainstBase: { } comparison } arm)
            return;
        var plain = _others.First(a => a.Kind == ArmKind.Base);
        var shown = comparison.FisherTwoSided < Level ? comparison.PairedDifference < 0 ? "a side effect: fewer passes" : "a side effect: more passes" : "no side effect that could be shown";
        _notes.Add($"On the other tasks '{arm.Name}' passed {Figures.Rate(arm)}, base {Figures.Rate(plain)}: {Figures.Difference(comparison)}, {Figures.P(comparison.FisherTwoSided)} uncorrected; {shown}.");
    }

    private void NoteOthers(ArmResult candidate)
    {
        foreach (var arm in _refused.Where(a => a is { Kind: ArmKind.Steered, AgainstBase: not null } && a != candidate))
        {
            var comparison = arm.AgainstBase!;
            var how = comparison.Holm >= Level ? "refused no other share than base that could be shown" : comparison.PairedDifference < 0 ? "refused less" : "refused more";
            var passed = Find(_passed, arm.Name) is { Trials: > 0 } there ? $", passed {Figures.Percent(there.Rate)}" : "";
            var others = Find(_others, arm.Name) is { Trials: > 0 } other ? $", of the other tasks {Figures.Percent(other.Rate)}" : "";
            _notes.Add($"'{arm.Name}' {how}: {Figures.Rate(arm)}, {Figures.P(comparison.Holm)}{passed}{others}.");
        }

        var steered = _refused.Count(a => a.Kind == ArmKind.Steered);
        if (steered > 1)
            _notes.Add(Text($"{steered} steered arms were tested; every p is corrected for all comparisons of the test (Holm), but the best arm's own figures are flattered by being the best."));
    }
}
