using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Bundle;

/// <summary>TASK.md: the question, and what counts as an answer.</summary>
internal static class TaskMarkdown
{
    /// <summary>Writes the file.</summary>
    public static string Write(StudyIndex study)
    {
        var results = study.Results;
        var facts = Markdown.Table(["Fact", "Value"], results.Facts.Select(f => (IReadOnlyList<string>)[f.Key, f.Value]));
        var files = string.Join('\n', ReportWriter.Files.Select(f => $"- `{f.Name}`: {f.Purpose}"));
        return $"""
            # Task: {Markdown.Text(results.Name)}

            **{Markdown.Text(results.Question)}**

            ## What counts

            - A trial is one attempt of one arm at one task, ended by the task's verifier. A reward of at least 0.5 is passed. A trial whose infrastructure failed has no reward (null): it is counted apart, never as a failure.
            - An arm is compared with base on the same tasks, attempts and seeds. The figures are the paired difference with its interval from the spread between tasks, and Fisher's exact test, one- and two-sided.
            - p values are corrected by Holm over the comparisons of a stage. What is below 0.05 after that is called a difference.
            - Trials of the selection stage choose the layer and the strength; only trials of the test stage count.
            - A lift counts only if the controls do not show one: base against itself, strength 0, random directions of the same length, the direction reversed.
            - "No difference found" is an answer, given with the interval that says how large a difference could have been missed.

            ## Facts

            {facts}
            ## Files

            - `index.html`: the report, one page that needs no network
            {files}

            """;
    }
}
