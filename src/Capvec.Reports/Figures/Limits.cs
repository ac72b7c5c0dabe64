using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;

namespace Capvec.Reports.Figures;

/// <summary>What a study cannot tell, said from its own data.</summary>
internal static class Limits
{
    /// <summary>The sentences.</summary>
    public static IReadOnlyList<string> Of(StudyIndex study)
    {
        var results = study.Results;
        if (results.Trials.Count == 0)
            return ["Anything yet: there is no trial yet."];
        var limits = new List<string>();
        var basis = study.Base(StudyIndex.Test);
        if (basis is null || study.Arms(StudyIndex.Test).All(a => a.AgainstBase is null))
            limits.Add("Nothing about any arm yet: the test stage holds no comparison with base.");
        if (study.Candidate is { AgainstBase: { } c } candidate && basis is not null)
        {
            limits.Add($"The size of the effect beyond its interval: {candidate.Name} differs from base by {Show.Points(c.PairedDifference)} points, and anything in [{Show.Points(c.PairedInterval)}] fits these trials.");
            if (Power.DetectableRise(basis.Rate, basis.Trials, candidate.Trials) is var rise && double.IsFinite(rise))
                limits.Add($"Small effects: {Show.Count(candidate.Trials)} against {Show.Count(basis.Trials, "trial")} find a true rise of {Show.Points(rise)[1..]} points four times in five, and a smaller one less often (normal approximation, before Holm's correction).");
            limits.Add($"Other tasks: {Show.Count(c.Tasks, "task")} were compared. The interval speaks for tasks drawn as these were, not for other families of tasks, longer tasks or another terminal.");
        }

        var tried = study.Arms(StudyIndex.Selection).Count(a => a.Kind == ArmKind.Steered);
        if (tried > 1)
            limits.Add($"How good the best candidate is, from the selection stage: it was picked from {Show.Count(tried, "steered arm")}, so its rate there is flattered. Only the test stage counts.");
        else if (tried == 0 && results.Ranking.Any(r => r.Chosen))
            limits.Add("Whether another layer or strength would do better: no selection stage was run.");
        if (results.NeverPassed.Count > 0)
            limits.Add($"Whether {(results.NeverPassed.Count == 1 ? "the task that no trial passed is" : $"the {results.NeverPassed.Count} tasks that no trial passed are")} within reach of the model at all: {string.Join(", ", results.NeverPassed.Select(n => n.Key))}.");
        var missing = ControlReading.Of(study).Where(r => r.Arm is null).Select(r => Show.Kind(r.Kind)).ToList();
        if (missing.Count > 0)
            limits.Add($"What these controls would have shown, which were not run: {string.Join(", ", missing)}.");
        if (results.Arms.Any(a => a.Kind == ArmKind.Random) && results.Arms.Count(a => a is { Kind: ArmKind.Random, Stage: StudyIndex.Test }) is var random and < 5)
            limits.Add($"How random directions do in general: {(random == 0 ? "none was" : random == 1 ? "one was" : $"{random} were")} tested.");
        var nulls = results.Trials.Count(t => t.Stage == StudyIndex.Test && t.Reward is null);
        if (nulls > 0)
            limits.Add($"What the {Show.Count(nulls, "trial")} without a reward would have ended in. They are left out; if the infrastructure fails more often for one arm than for another, the rates are off.");
        if (results.Ranking.Count > 0)
            limits.Add("Why the direction works, if it does: a direction that tells good traces from bad ones may hold style, length or refusal beside skill. The failure marks and the transcripts are hints, no proof.");
        limits.Add("Other models: everything here was measured on one model.");
        return limits;
    }
}
