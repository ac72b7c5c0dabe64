using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests;

public sealed class ReportFilesTests
{
    [Fact]
    public void A_study_gives_one_page_five_markdown_files_and_two_tables()
    {
        using var scratch = new ScratchFolder();
        var study = SampleStudy.Whole(scratch.Path);
        // Set the variable to look at the page of the made-up study.
        var target = Environment.GetEnvironmentVariable("CAPVEC_REPORT_OUT") ?? scratch.File("report");

        var page = ReportWriter.Write(study, target);

        page.ShouldBe(Path.Combine(target, "index.html"));
        Directory.GetFiles(target).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(["PLAN.md", "RESEARCH.md", "RESULTS.md", "TASK.md", "VERIFY.md", "arms.csv", "index.html", "results.csv"]);
    }
}
