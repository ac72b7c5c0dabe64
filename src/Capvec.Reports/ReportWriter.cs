using Capvec.Experiments.Results;
using Capvec.Formats.Files;
using Capvec.Reports.Bundle;
using Capvec.Reports.Figures;
using Capvec.Reports.Pages;
using Capvec.Reports.Tables;

namespace Capvec.Reports;

/// <summary>Writes a study's report: one page that needs no network, five markdown files and two tables, all from the same results.</summary>
public static class ReportWriter
{
    /// <summary>The files beside the page, in the order of reading.</summary>
    internal static IReadOnlyList<(string Name, string Purpose, Func<StudyIndex, string> Write)> Files { get; } =
    [
        ("TASK.md", "the question, and what counts as an answer", TaskMarkdown.Write),
        ("RESEARCH.md", "the contrast, the direction and the ranking, and what they do and do not show", ResearchMarkdown.Write),
        ("PLAN.md", "arms, tasks, controls and tests, as fixed before the first trial", PlanMarkdown.Write),
        ("RESULTS.md", "the verdict and its tables", ResultsMarkdown.Write),
        ("VERIFY.md", "commands that recompute every figure from results.csv", VerifyMarkdown.Write),
        ("results.csv", "one row a trial", ResultsCsv.Write),
        ("arms.csv", "one row an arm, with every statistic", ArmsCsv.Write),
    ];

    /// <summary>Writes all files of the report; each is replaced as a whole or left as it was.</summary>
    /// <param name="results">The study's results. Traces of the example transcripts are read from its folder; one that is missing is said so in the page.</param>
    /// <param name="outputFolder">The folder to write to, made where it is missing.</param>
    /// <returns>The path of the page, index.html.</returns>
    /// <exception cref="Capvec.Formats.Errors.CapvecException">A file cannot be written.</exception>
    public static string Write(StudyResults results, string outputFolder)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentException.ThrowIfNullOrEmpty(outputFolder);
        var study = new StudyIndex(results);
        foreach (var file in Files)
            AtomicFile.WriteText(Path.Combine(outputFolder, file.Name), file.Write(study));
        var page = Path.Combine(outputFolder, "index.html");
        AtomicFile.WriteText(page, ReportPage.Write(study));
        return page;
    }
}
