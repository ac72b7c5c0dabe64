using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

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
        var (verdict, candidate) = VerdictRules.Judge(
            test, [.. trials.Where(t => t.Stage == Stages.Test)], arms.Where(a => a.Stage == Stages.Test).Sum(a => a.Planned), Point(chosen, test));
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
            Candidate = candidate?.Name,
            Arms = compared,
            Ranking = File.Exists(files.RankingJson) ? RankingFile.Load(files.RankingJson, chosen?.Layer) : [],
            Contrast = File.Exists(files.Activations) ? Describe(files) : "not made yet",
            Screen = screen,
            ScreenAgreement = screen is null ? null : ScreenComparison.Compare(screen, arms, trials, head.Seed),
            Trials = trials,
            NeverPassed = [.. trials.Where(t => t.Reward is not null).GroupBy(t => t.Task).Where(g => !g.Any(t => t.Passed))
                .OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => KeyValuePair.Create(g.Key, g.Count()))],
        };
    }

    /// <summary>Where only the layer was chosen and the test has one strength there, that is the chosen point.</summary>
    private static (int Layer, double Strength)? Point(Candidate? chosen, List<ArmResult> test)
    {
        if (chosen is null)
            return null;
        if (chosen.Strength is { } strength)
            return (chosen.Layer, strength);
        var there = test.Where(a => a.Kind == ArmKind.Steered && a.Layers.Count == 1 && a.Layers[0] == chosen.Layer).ToList();
        return there.Count == 1 ? (chosen.Layer, there[0].Strength!.Value) : null;
    }

    private static string Describe(StudyFolder files)
    {
        var set = ActivationSet.Load(files.Activations);
        var positives = set.Traces.Count(t => t.IsPositive);
        return FormattableString.Invariant($"mean difference of {positives} positive and {set.Traces.Length - positives} negative traces ({set.Contrast}); residuals of the plain model, {set.Positions}");
    }
}
