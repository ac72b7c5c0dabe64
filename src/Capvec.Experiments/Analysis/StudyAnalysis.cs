using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;

namespace Capvec.Experiments.Analysis;

/// <summary>Computes a study's results from its output folder, without model or tasks; the same at any time and on any machine.</summary>
public static class StudyAnalysis
{
    /// <summary>The results of an output folder, finished or not.</summary>
    /// <exception cref="CapvecException">The folder holds no study, or a file of it is damaged.</exception>
    public static StudyResults Read(string folder)
    {
        var files = new StudyFolder(Path.GetFullPath(folder));
        using var store = StudyStore.OpenExisting(files.Root);
        if (!File.Exists(files.Study))
            throw new CapvecException($"{files.Root} holds no study.yaml beside its store; put the study's file back there.");
        var yaml = File.ReadAllText(files.Study);
        var head = StudyHead.Read(yaml, files.Study);
        var trials = store.Trials();
        var arms = store.Arms();
        var compared = new[] { Stages.Collect, Stages.Selection, Stages.Test }
            .SelectMany(stage => StageComparison.Compare([.. arms.Where(a => a.Stage == stage).OrderBy(a => a.Position)], trials, head.Seed)).ToList();
        var chosen = SelectionFile.Load(files);
        var screen = File.Exists(files.Screen) ? ScreenResult.Load(files.Screen) : null;
        var test = compared.Where(a => a.Stage == Stages.Test).ToList();
        var (verdict, candidate, refusals) = Judge(head, [.. arms.Where(a => a.Stage == Stages.Test).OrderBy(a => a.Position)], test, [.. trials.Where(t => t.Stage == Stages.Test)], Point(chosen, test));
        if (chosen is not null)
            verdict = verdict with { Notes = [$"Chosen on the selection tasks before the test: {chosen.Reason}.", .. verdict.Notes] };
        return new StudyResults
        {
            Name = head.Name,
            Question = head.Question,
            Yaml = yaml,
            Folder = files.Root,
            StrengthUnit = head.StrengthUnit,
            Facts = StudyFacts.Read(store),
            Verdict = verdict,
            Candidate = candidate,
            Refusals = refusals,
            Groups = Refusals.ByGroup(test.Select(a => a.Name), trials),
            Arms = compared,
            Ranking = File.Exists(files.RankingJson) ? RankingFile.Load(files.RankingJson, chosen?.Layer) : [],
            Audit = File.Exists(files.Audit) ? AuditFile.Load(files.Audit) : null,
            Contrast = File.Exists(files.Activations) ? Describe(files) : "not made yet",
            Screen = screen,
            ScreenAgreement = screen is null ? null : ScreenComparison.Compare(screen, arms, trials, head.Seed),
            Trials = trials,
            NeverPassed = [.. trials.Where(t => t.Reward is not null).GroupBy(t => t.Task).Where(g => !g.Any(t => t.Passed))
                .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, g.Count()))],
        };
    }

    private static (Verdict Verdict, string? Candidate, RefusalResult? Refusals) Judge(
        StudyHead head, List<ArmRow> arms, List<ArmResult> test, List<TrialRow> trials, (int Layer, double Strength)? chosen)
    {
        var planned = arms.Sum(a => a.Planned);
        var on = trials.Where(t => TaskGroups.Matches(head.Verdict.Tasks, t.Task)).ToList();
        if (head.Verdict.Outcome == TrialOutcome.Passed)
        {
            // Of some tasks alone: the same rules on their trials.
            var (verdict, candidate) = on.Count == trials.Count || trials.Count < planned
                ? VerdictRules.Judge(test, trials, planned, chosen)
                : VerdictRules.Judge(StageComparison.Compare(arms, on, head.Seed), on, on.Count, chosen);
            return (verdict, candidate?.Name, null);
        }

        var others = trials.Where(t => !TaskGroups.Matches(head.Verdict.Tasks, t.Task)).ToList();
        var refusals = new RefusalResult(head.Verdict.Tasks, StageComparison.Compare(arms, Refusals.AsOutcome(on), head.Seed));
        var judged = new RefusalRules(refusals, StageComparison.Compare(arms, on, head.Seed), StageComparison.Compare(arms, others, head.Seed), trials).Judge(planned);
        return (judged.Verdict, judged.Candidate, refusals);
    }

    /// <summary>Where only the layer was chosen and the test has one strength there, that is the chosen point.</summary>
    private static (int Layer, double Strength)? Point(Candidate? chosen, List<ArmResult> test)
    {
        if (chosen is null)
            return null;
        if (chosen.Strength is { } strength)
            return (chosen.Layer, strength);
        var there = test.Where(a => a is { Kind: ArmKind.Steered, Strength: not null, Layers.Count: 1 } && a.Layers[0] == chosen.Layer).ToList();
        return there.Count == 1 ? (chosen.Layer, there[0].Strength!.Value) : null;
    }

    private static string Describe(StudyFolder files)
    {
        var set = ActivationSet.Load(files.Activations);
        var positives = set.Traces.Count(t => t.IsPositive);
        var estimator = File.Exists(files.Directions) ? DirectionFile.Load(files.Directions).Provenance.Estimator : null;
        return FormattableString.Invariant($"{estimator?.Replace('-', ' ') ?? "direction"} of {positives} positive and {set.Traces.Length - positives} negative traces ({set.Contrast}); residuals of the plain model, {set.Positions}");
    }
}
