using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

public sealed class IncompleteStudyTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_study_without_a_trial_says_so_and_shows_no_empty_chart()
    {
        var page = new PageReader(SampleStudy.Empty(_scratch.Path), _scratch.File("report"));
        page.Document.QuerySelector("h1")!.TextContent.ShouldContain("no verdict yet");
        page.Document.QuerySelectorAll("[data-chart]").Length.ShouldBe(0);
        page.Document.QuerySelector("#verdict")!.TextContent.ShouldContain("no trial to show yet");
        page.Document.QuerySelector("#limits")!.TextContent.ShouldContain("no trial yet");
        page.Document.QuerySelectorAll("a[href='#selection']").Length.ShouldBe(0);
        page.Document.QuerySelector("main")!.TextContent.ShouldNotContain("NaN");
        File.ReadAllLines(_scratch.File("report/results.csv")).Length.ShouldBe(1);
    }

    [Fact]
    public void Null_rewards_alone_give_no_rate_and_are_counted_apart()
    {
        SampleArm[] arms = [new("base", ArmKind.Base, 0.5, Lost: 1), new("L3 ×4", ArmKind.Steered, 0.5, [3], 4, Lost: 1)];
        var study = SampleStudy.Make(_scratch.Path, arms, [], 2, t => t, "", true) with { Verdict = new(VerdictKind.Incomplete, "No trial has a reward.", []) };
        var page = new PageReader(study, _scratch.File("report"));

        page.ArmRow("Arms of the test stage", "base").ShouldBe(["0/0", "–", "–", "", "", "", "", "", "", "", "36"]);
        page.Chart(page.Document.QuerySelector("#verdict")!).GetProperty("rows")[0].GetProperty("value").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        page.Document.QuerySelector("#tasks tbody td")!.TextContent.ShouldBe("–*");
        page.Document.QuerySelector("#limits")!.TextContent.ShouldContain("72 trials without a reward");
        page.Document.QuerySelector("main")!.TextContent.ShouldNotContain("NaN");
        page.Document.QuerySelector("#transcripts")!.TextContent.ShouldContain("No pair ended differently");
    }

    [Fact]
    public void Base_alone_is_shown_and_compared_with_nothing()
    {
        var study = SampleStudy.Make(_scratch.Path, [new("base", ArmKind.Base, 0.5)], [], 2, t => t, "", true);
        var page = new PageReader(study, _scratch.File("report"));
        page.Chart(page.Document.QuerySelector("#verdict")!).GetProperty("rows").GetArrayLength().ShouldBe(1);
        page.Document.QuerySelector("#arms")!.TextContent.ShouldContain("No arm is compared with base");
        page.Document.QuerySelector("#dose")!.TextContent.ShouldContain("No arm of the test stage has a strength");
        page.Document.QuerySelectorAll("#controls tbody tr").Length.ShouldBe(4);
        page.Document.QuerySelector("#controls")!.TextContent.ShouldContain("not in this study");
    }

    [Fact]
    public void A_stage_without_base_is_drawn_without_its_line()
    {
        var study = SampleStudy.Make(_scratch.Path, [new("L3 ×4", ArmKind.Steered, 0.5, [3], 4)], [], 2, t => t, "", true) with { Verdict = new(VerdictKind.Incomplete, "Base is missing.", []) };
        var page = new PageReader(study, _scratch.File("report"));
        page.Chart(page.Document.QuerySelector("#verdict")!).GetProperty("reference").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
        page.Document.QuerySelector("#transcripts")!.TextContent.ShouldContain("no base or no steered arm");
    }

    [Fact]
    public void A_trace_that_is_missing_or_no_trace_is_named_and_the_rest_of_the_page_stands()
    {
        var study = SampleStudy.Whole(_scratch.Path);
        var page = new PageReader(study, _scratch.File("report"));
        var paths = page.Document.QuerySelectorAll("#transcripts .pair").Select(p => p.QuerySelector("code")!.TextContent).ToList();
        File.Delete(_scratch.File(paths[0]));
        File.WriteAllText(_scratch.File(paths[1]), "{\"steps\": 3}");

        var again = new PageReader(study, _scratch.File("report")).Document.QuerySelectorAll("#transcripts .pair");
        again[0].TextContent.ShouldContain("cannot be shown: cannot read the trace");
        again[1].TextContent.ShouldContain("cannot be shown: ");
        again[2].QuerySelectorAll(".turn").Length.ShouldBeGreaterThan(3);
    }

    [Fact]
    public void A_trace_outside_the_studys_folder_is_not_read()
    {
        var study = SampleStudy.Whole(_scratch.File("study"), attempts: 4);
        File.WriteAllText(_scratch.File("secret.json"), "{\"schema_version\":\"ATIF-v1.7\",\"agent\":{\"name\":\"x\",\"version\":\"1\"},\"steps\":[{\"step_id\":1,\"source\":\"agent\",\"message\":\"the secret\"}]}");
        var page = new PageReader(study with { Trials = [.. study.Trials.Select(t => t with { TracePath = "../secret.json" })] }, _scratch.File("report"));
        page.Document.QuerySelector("#transcripts")!.TextContent.ShouldContain("is not inside the study's folder");
        page.Text.ShouldNotContain("the secret");
    }

    [Fact]
    public void A_mark_in_a_trial_without_a_reward_still_counts()
    {
        var row = new TrialRow("test", "base", "t", 0, 1, null, "lost", 1, 1, new TrialMarks { Refusal = 2 }, "t.json", DateTimeOffset.UnixEpoch, 1);
        var arm = new ArmResult { Name = "base", Kind = ArmKind.Base, Stage = "test", Trials = 0, Passed = 0, Nulls = 1, Wilson = new(0, 1), Marks = row.Marks, TrialsMarked = new() { Refusal = 1 } };
        var page = new PageReader(SampleStudy.Empty(_scratch.Path) with { Arms = [arm], Trials = [row] }, _scratch.File("report"));
        page.ArmRow("Failure marks, test stage", "base")[5].ShouldBe("100%");
    }
}
