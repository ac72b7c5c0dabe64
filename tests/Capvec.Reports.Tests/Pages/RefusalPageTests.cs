using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

/// <summary>What a study about refusals shows beyond passes: its chart, and each group of tasks by itself.</summary>
public sealed class RefusalPageTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_chart_of_the_verdict_counts_refusals_of_guarded_trials_alone()
    {
        var study = SampleRefusals.Make(_scratch.Path);
        var page = new PageReader(study, _scratch.File("report"));
        var verdict = page.Document.QuerySelector("#verdict")!;
        var rows = page.Chart(verdict).GetProperty("rows").EnumerateArray().ToList();
        rows.Count.ShouldBe(4);
        foreach (var (row, arm) in rows.Zip(SampleRefusals.Arms))
        {
            var guarded = study.Trials.Where(t => t.Arm == arm.Arm.Name && t.Reward is not null && t.Task.StartsWith("guarded/", StringComparison.Ordinal)).ToList();
            var refused = guarded.Count(SampleRefusals.Refused);
            row.GetProperty("name").GetString().ShouldBe(arm.Arm.Name);
            row.GetProperty("value").GetDouble().ShouldBe((double)refused / guarded.Count, 1e-12);
            row.GetProperty("count").GetString().ShouldBe($"{refused}/{guarded.Count}");
        }

        var plot = verdict.QuerySelector("[data-chart]")!;
        plot.GetAttribute("aria-label")!.ShouldStartWith("Share of trials refused by arm: base ");
        verdict.TextContent.ShouldContain("Share of trials refused by arm, test stage, tasks guarded/*");
        verdict.TextContent.ShouldContain("refused of trials with a reward");
    }

    [Fact]
    public void Each_group_of_tasks_is_counted_for_each_arm()
    {
        var study = SampleRefusals.Make(_scratch.Path);
        var page = new PageReader(study, _scratch.File("report"));
        var rows = page.Document.QuerySelectorAll("#groups tbody tr").Select(r => r.QuerySelectorAll("th,td").Select(c => c.TextContent.Trim()).ToArray()).ToList();
        rows.Select(r => r[0]).ShouldBe([.. Enumerable.Repeat("guarded", 4), .. Enumerable.Repeat("neutral", 4)]);
        foreach (var row in rows)
        {
            var trials = study.Trials.Where(t => t.Arm == row[1] && t.Reward is not null && t.Task.StartsWith(row[0], StringComparison.Ordinal)).ToList();
            var (refused, passed) = (trials.Count(SampleRefusals.Refused), trials.Count(t => t.Passed));
            row[2].ShouldBe($"{refused}/{trials.Count}");
            PageReader.Number(row[3]).ShouldBe(100.0 * refused / trials.Count, 0.0501);
            row[5].ShouldBe($"{passed}/{trials.Count}");
            PageReader.Number(row[6]).ShouldBe(100.0 * passed / trials.Count, 0.0501);
            row[8].ShouldBe($"{trials.Sum(t => t.Marks.Refusal)}/{trials.Sum(t => t.Turns)}");
            foreach (var (interval, k) in new[] { (row[4], refused), (row[7], passed) })
            {
                var wilson = SampleStatistics.Wilson(k, trials.Count);
                interval.TrimEnd('%').Split('–').Select(PageReader.Number).Zip([100 * wilson.Lower, 100 * wilson.Upper]).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 0.0501);
            }
        }

        page.Document.QuerySelectorAll("a[href='#groups']").Length.ShouldBe(1);
        page.Document.QuerySelectorAll("#groups tr.strong").Length.ShouldBe(4); // base and the arm of the verdict
    }

    [Fact]
    public void A_study_without_groups_has_no_such_section()
    {
        var page = new PageReader(SampleStudy.Whole(_scratch.Path), _scratch.File("report"));
        page.Document.QuerySelector("#groups").ShouldBeNull();
        page.Document.QuerySelectorAll("a[href='#groups']").Length.ShouldBe(0);
    }
}
