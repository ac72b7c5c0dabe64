using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Bundle;

/// <summary>PLAN.md: arms, tasks, controls and tests.</summary>
internal static class PlanMarkdown
{
    /// <summary>Writes the file.</summary>
    public static string Write(StudyIndex study)
    {
        var results = study.Results;
        return $"""
            # Plan: {Markdown.Text(results.Name)}

            Fixed in `study.yaml` before the first trial; the file as it was run is at the end.

            ## Arms

            {Stage(study, StudyIndex.Test, "Test stage: these trials count.")}
            {Stage(study, StudyIndex.Selection, "Selection stage: these trials choose the layer and the strength, and nothing else.")}
            ## Controls

            {string.Join('\n', ControlReading.Of(study).Select(c => $"- {Markdown.Text(c.Arm?.Name ?? Show.Kind(c.Kind))}: {c.Expected}{(c.Arm is null ? " (not in this study)" : "")}"))}

            ## Tests

            - Pass rate of an arm: Wilson's 95% interval.
            - Against base: the mean over tasks of the difference of pass rates, with a 95% interval from the spread between tasks (Student's t) and a sign-flip permutation p; Fisher's exact test, greater, less and two-sided.
            - Holm's correction of the two-sided Fisher p over the comparisons of a stage.
            - Nulls are left out of every rate and shown beside it.

            ## study.yaml

            {Markdown.Fence("yaml", results.Yaml)}
            """;
    }

    private static string Stage(StudyIndex study, string stage, string heading)
    {
        var arms = study.Arms(stage);
        if (arms.Count == 0)
            return stage == StudyIndex.Test ? $"### {heading}\n\nNo arm yet.\n" : "";
        var tasks = study.Tasks(stage);
        var attempts = study.Results.Trials.Where(t => t.Stage == stage).Select(t => t.Attempt).Distinct().Count();
        var table = Markdown.Table(["Arm", "Kind", "Layers", "Strength>", "Alpha>", "Trials>"], arms.Select(a => (IReadOnlyList<string>)
            [a.Name, Show.Kind(a.Kind), Show.Layers(a.Layers), Show.Strength(a.Strength), Show.Strength(a.Alpha), Show.Count(a.Trials + a.Nulls)]));
        return $"### {heading}\n\n{table}\n{Show.Count(tasks.Count, "task")}, {Show.Count(attempts, "attempt")} of each by every arm, the same seeds in every arm: {string.Join(", ", tasks.Select(Markdown.Text))}.\n";
    }
}
