using System.Globalization;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Statistics;

namespace Capvec.Experiments.Analysis;

/// <summary>
/// Judges the test stage. A lift is claimed only where the steered arm passes more often than base with Holm-corrected two-sided Fisher
/// p below 0.05, strength 0 gave base's trials token for token, base against itself and the random direction of the same length do not differ
/// from base (Fisher, corrected among these controls), and the steered arm passes more often than the random one (one-sided Fisher p below 0.05).
/// docs/statistics.md gives the reasons.
/// </summary>
public sealed class VerdictRules
{
    /// <summary>Level of every test.</summary>
    public const double Level = 0.05;

    private readonly IReadOnlyList<ArmResult> _arms;
    private readonly ILookup<string, TrialRow> _trials;
    private readonly ArmResult? _base;
    private readonly List<string> _notes = [];

    private VerdictRules(IReadOnlyList<ArmResult> test, IEnumerable<TrialRow> trials)
    {
        _arms = test;
        _trials = trials.ToLookup(t => t.Arm);
        _base = test.FirstOrDefault(a => a.Kind == ArmKind.Base);
    }

    /// <summary>Judges.</summary>
    /// <param name="test">The arms of the test stage, compared.</param>
    /// <param name="trials">The trials of the test stage.</param>
    /// <param name="planned">Trials that the study plans for the stage, or 0 where it is not known yet.</param>
    /// <param name="chosen">Layer and strength that a selection chose, or null.</param>
    /// <returns>The verdict, and the arm it is about (null where there is none).</returns>
    public static (Verdict Verdict, ArmResult? Candidate) Judge(IReadOnlyList<ArmResult> test, IReadOnlyList<TrialRow> trials, int planned, (int Layer, double Strength)? chosen) =>
        new VerdictRules(test, trials).Judge(trials.Count, planned, chosen);

    private (Verdict Verdict, ArmResult? Candidate) Judge(int done, int planned, (int Layer, double Strength)? chosen)
    {
        var candidate = Candidate(chosen);
        if (planned == 0 || done < planned)
            return (new(VerdictKind.Incomplete, planned == 0 ? "The study has not reached its test yet." : Text($"The test is not finished: {done} of {planned} trials are done."), []), candidate);
        if (_base is not { Trials: > 0 } || candidate is not { Trials: > 0, AgainstBase: not null })
            return (new(VerdictKind.Incomplete, _base is null || candidate is null ? "The study has no steered arm to compare with base." : "No trial of base or of the steered arm has a reward, so nothing can be compared.", [.. NullNotes()]), candidate);

        var comparison = candidate.AgainstBase;
        _notes.AddRange(NullNotes());
        var fault = AlphaZeroFault() ?? ControlFault(candidate);
        NoteOthers(candidate, chosen is not null);
        if (fault is not null)
            return (new(VerdictKind.ControlFailed, $"{fault} So the difference between steered and base at {Figures.Place(candidate)} ({Figures.Rate(candidate)} against {Figures.Rate(_base)}, {Figures.Difference(comparison)}) cannot be put down to the direction.", _notes), candidate);
        if (comparison.Holm >= Level)
            return (new(VerdictKind.NoDifference, NoDifference(candidate, comparison), _notes), candidate);
        if (comparison.PairedP >= Level)
            _notes.Add($"The difference does not show in the same way on enough tasks to say that it holds for tasks of this kind in general (sign flips over {comparison.Tasks} tasks: {Figures.P(comparison.PairedP)}).");
        var moved = $"from {Figures.Rate(_base)} to {Figures.Rate(candidate)}: {Figures.Difference(comparison)}, {Figures.P(comparison.Holm)}";
        if (candidate.Rate < _base.Rate)
            return (new(VerdictKind.Harm, $"Steering at {Figures.Place(candidate)} lowered the pass rate {moved}.", _notes), candidate);
        return (new(VerdictKind.Lift, $"Steering at {Figures.Place(candidate)} raised the pass rate {moved}; {RandomClause(candidate)}.", _notes), candidate);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// What was chosen beforehand; else, Holm's correction covering the choice, the steered arm with the smallest p among those above base, else among
    /// those that differ at all, else the one with the largest difference. Arms that steer several layers at once, the usual probe of over-steering, come
    /// after single layers unless one of them lifts: their collapse is no answer to what the direction does.
    /// </summary>
    private ArmResult? Candidate((int Layer, double Strength)? chosen)
    {
        var steered = _arms.Where(a => a.Kind == ArmKind.Steered).ToList();
        if (chosen is { } point && steered.Find(a => a.Layers.Count == 1 && a.Layers[0] == point.Layer && a.Strength == point.Strength) is { } arm)
            return arm;
        return steered
            .OrderBy(a => Differs(a) && a.AgainstBase!.PairedDifference > 0 ? 0 : a.Layers.Count == 1 ? 1 : 2)
            .ThenBy(a => Differs(a) ? 0 : 1)
            .ThenBy(a => Differs(a) ? a.AgainstBase!.FisherTwoSided : 0)
            .ThenByDescending(a => a.AgainstBase?.PairedDifference ?? double.NegativeInfinity)
            .FirstOrDefault();
    }

    private static bool Differs(ArmResult arm) => arm.AgainstBase is { } comparison && comparison.Holm < Level;

    private string? AlphaZeroFault()
    {
        if (_arms.FirstOrDefault(a => a.Kind == ArmKind.AlphaZero) is not { } zero)
        {
            _notes.Add("Steering with strength 0 was not run, so this study did not check that the steering code alone changes nothing.");
            return null;
        }

        var check = AlphaZeroCheck.Of(_trials[zero.Name], _trials[_base!.Name]);
        if (check.Different > 0)
            return Text($"The instrument is at fault: strength 0 has to give base's trials token for token, but {check.Different} of {check.Compared} differ.");
        _notes.Add(Text($"Strength 0 gave base's trials token for token ({check.Compared} of {check.Compared})."));
        return null;
    }

    private string? ControlFault(ArmResult candidate)
    {
        var again = _arms.FirstOrDefault(a => a.Kind == ArmKind.AgainstItself);
        var random = RandomOf(candidate);
        if (again is null)
            _notes.Add("Base was not run against itself, so how far two equal arms lie apart is known from the intervals only.");
        var controls = new[] { again, random }.OfType<ArmResult>().Where(a => a.AgainstBase is not null).ToList();
        var corrected = Holm.Adjust([.. controls.Select(a => a.AgainstBase!.FisherTwoSided)]);
        for (var i = 0; i < controls.Count; i++)
        {
            var arm = controls[i];
            var what = arm.Kind == ArmKind.Random ? "the random direction of the same length" : "base run again with other seeds";
            if (corrected[i] < Level)
                return $"A control failed: {what} differs from base ({Figures.Rate(arm)} against {Figures.Rate(_base!)}, {Figures.P(corrected[i])}).";
            if (arm.Kind == ArmKind.AgainstItself)
                _notes.Add($"Base against itself: {Figures.Difference(arm.AgainstBase!)}, {Figures.P(arm.AgainstBase!.FisherTwoSided)}.");
        }

        // Where steering and the random direction both rise a little, only the one may cross the line: they have to be told apart themselves.
        if (random is { Trials: > 0 } && candidate.AgainstBase!.Holm < Level && candidate.Rate > _base!.Rate
            && FisherExact.Test(candidate.Passed, candidate.Trials, random.Passed, random.Trials).Greater is >= Level and var p)
            return $"A control failed: the steered arm cannot be told from the random direction of the same length ({Figures.Rate(random)}, {Figures.P(p)}).";
        return null;
    }

    /// <summary>The random direction that stands beside a steered arm: by layers and strength, and by name where the study writes the steering out.</summary>
    internal static ArmResult? RandomOf(IReadOnlyList<ArmResult> arms, ArmResult candidate) => arms.FirstOrDefault(a => a.Kind == ArmKind.Random
        && (candidate.Strength is null ? a.Name == LayerDirections.RandomName(candidate.Name) : a.Strength == candidate.Strength && a.Layers.SequenceEqual(candidate.Layers)));

    private ArmResult? RandomOf(ArmResult candidate) => RandomOf(_arms, candidate);

    private string RandomClause(ArmResult candidate) => RandomOf(candidate) is { AgainstBase: { } random }
        ? $"the random direction of the same length did not ({Figures.Difference(random, "")})"
        : "no random direction of the same length was run beside it, so any vector of that length might do the same";

    private string NoDifference(ArmResult candidate, Comparison comparison)
    {
        // The level that a difference had to meet under Holm's correction is at worst that of Bonferroni.
        var compared = _arms.Count(a => a.AgainstBase is not null);
        var rise = Power.DetectableRise(_base!.Rate, _base.Trials, candidate.Trials, Level / Math.Max(1, compared));
        var missed = double.IsNaN(rise)
            ? "with so few trials even a rise to 100% could have been missed"
            : $"a rise of less than {Figures.Points(rise)[1..]} points could have been missed (80% power)";
        return $"Steering at {Figures.Place(candidate)} made no difference that could be shown: {Figures.Rate(candidate)} against {Figures.Rate(_base)} for base, {Figures.Difference(comparison)}, {Figures.P(comparison.Holm)}; {missed}.";
    }

    private IEnumerable<string> NullNotes()
    {
        var nulls = _arms.Sum(a => a.Nulls);
        if (nulls > 0)
            yield return Text($"{nulls} of {_arms.Sum(a => a.Nulls + a.Trials)} trials have no reward, because something else than the model failed; they count neither as passed nor as failed.");
    }

    private void NoteOthers(ArmResult candidate, bool wasChosen)
    {
        foreach (var arm in _arms.Where(a => a.AgainstBase is not null && a != candidate && (a.Kind is ArmKind.Negative or ArmKind.Steered)))
        {
            var comparison = arm.AgainstBase!;
            var how = comparison.Holm >= Level ? "did not differ from base" : arm.Rate > _base!.Rate ? "passed more often than base" : "passed less often than base";
            _notes.Add($"{arm.Name} {how}: {Figures.Rate(arm)}, {Figures.Difference(comparison)}, {Figures.P(comparison.Holm)}.");
        }

        var steered = _arms.Count(a => a.Kind == ArmKind.Steered);
        if (steered > 1 && !wasChosen)
            _notes.Add(Text($"{steered} steered arms were tested; every p is corrected for all comparisons of the test (Holm), but the best arm's own rate is flattered by being the best."));
    }
}
