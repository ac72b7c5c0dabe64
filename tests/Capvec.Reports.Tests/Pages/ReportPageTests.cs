using Capvec.Experiments.Results;
using Capvec.Reports.Figures;

namespace Capvec.Reports.Tests.Pages;

public sealed class ReportPageTests(WholeStudyFixture whole) : IClassFixture<WholeStudyFixture>
{
    private readonly StudyResults _study = whole.Study;
    private readonly PageReader _page = whole.Page;

    [Fact]
    public void The_verdict_and_its_chart_come_before_everything_else()
    {
        var first = _page.Document.QuerySelector("main > section")!;
        first.QuerySelector("h1")!.TextContent.ShouldBe(_study.Verdict.Sentence);
        first.QuerySelectorAll("[data-chart]").Length.ShouldBe(1);
        _page.Document.QuerySelectorAll("h1").Length.ShouldBe(1);
        first.QuerySelector("figcaption")!.TextContent.ShouldContain("Wilson");
        _study.Verdict.Notes.ShouldAllBe(n => first.TextContent.Contains(n));
    }

    [Fact]
    public void The_first_chart_holds_every_arm_of_the_test_stage_with_its_interval_and_n()
    {
        var chart = _page.Chart(_page.Document.QuerySelector("#verdict")!);
        var arms = _study.Arms.Where(a => a.Stage == "test").ToList();
        var rows = chart.GetProperty("rows").EnumerateArray().ToList();
        rows.Select(r => r.GetProperty("name").GetString()).ShouldBe(arms.Select(a => a.Name));
        foreach (var (row, arm) in rows.Zip(arms))
        {
            row.GetProperty("value").GetDouble().ShouldBe(arm.Rate);
            row.GetProperty("low").GetDouble().ShouldBe(arm.Wilson.Lower);
            row.GetProperty("high").GetDouble().ShouldBe(arm.Wilson.Upper);
            row.GetProperty("count").GetString().ShouldBe($"{arm.Passed}/{arm.Trials}");
        }

        chart.GetProperty("reference").GetDouble().ShouldBe(arms.Single(a => a.Kind == ArmKind.Base).Rate);
    }

    [Fact]
    public void What_else_the_direction_may_be_stands_in_words_and_figures_on_the_page_and_in_the_bundle()
    {
        var layers = _page.Document.QuerySelector("#layers")!;
        layers.TextContent.ShouldContain("Layer 4: the direction may be mostly arm");
        var rows = layers.QuerySelectorAll("[aria-label='Facts about the traces and the direction of layer 4'] tbody tr").Select(r => string.Join('|', r.Children.Select(c => c.TextContent.Trim()))).ToList();
        rows.ShouldBe(["arm|0.981|0|–", "turns|0.724|1,204|0.912"]);
        var research = File.ReadAllText(Path.Combine(Path.GetDirectoryName(_page.Path)!, "RESEARCH.md"));
        research.ShouldContain("## What else the direction may be\n\n- Layer 4: the direction may be mostly arm");
        research.ShouldContain("| turns | 0.724 | 1,204 | 0.912 |");
    }

    [Theory]
    [InlineData("test")]
    [InlineData("selection")]
    public void The_table_of_arms_holds_every_figure(string stage)
    {
        foreach (var arm in _study.Arms.Where(a => a.Stage == stage))
        {
            var cells = _page.ArmRow($"Arms of the {stage} stage", arm.Name);
            cells[0].ShouldBe($"{arm.Passed}/{arm.Trials}");
            PageReader.Number(cells[1]).ShouldBe(arm.Rate * 100, 0.0501);
            Ends(cells[2], "–").ShouldBe((arm.Wilson.Lower * 100, arm.Wilson.Upper * 100), new Near(0.0501));
            if (arm.AgainstBase is { } c)
            {
                PageReader.Number(cells[3]).ShouldBe(c.PairedDifference * 100, 0.0501);
                Ends(cells[4], " to ").ShouldBe((c.PairedInterval.Lower * 100, c.PairedInterval.Upper * 100), new Near(0.0501));
                PageReader.ShouldBeP(cells[5], c.PairedP);
                PageReader.ShouldBeP(cells[6], c.FisherTwoSided);
                PageReader.ShouldBeP(cells[7], c.FisherGreater);
                PageReader.ShouldBeP(cells[8], c.FisherLess);
                PageReader.ShouldBeP(cells[9], c.Holm);
            }
            else
            {
                cells[3..10].ShouldAllBe(cell => cell.Length == 0);
            }

            PageReader.Number(cells[10]).ShouldBe(arm.Nulls);
        }
    }

    [Fact]
    public void Selection_stands_apart_from_test_and_is_called_no_evidence()
    {
        var selection = _page.Document.QuerySelector("#selection")!;
        selection.TextContent.ShouldContain("not evidence");
        selection.QuerySelectorAll("[aria-label='Arms of the selection stage']").Length.ShouldBe(1);
        _page.Document.QuerySelectorAll("[aria-label='Arms of the selection stage']").Length.ShouldBe(1);
        _page.Document.QuerySelector("#arms")!.TextContent.ShouldNotContain("L11");
    }

    [Fact]
    public void A_dose_panel_holds_a_layers_arms_base_controls_and_reversed_directions()
    {
        var charts = _page.Document.QuerySelectorAll("#dose .panel").Select(_page.Chart).ToList();
        charts.Count.ShouldBe(1);
        var points = charts[0].GetProperty("points").EnumerateArray().Select(p => (p.GetProperty("kind").GetString(), p.GetProperty("x").GetDouble(), p.GetProperty("value").GetDouble())).ToList();
        var arms = _study.Arms.Where(a => a.Stage == "test" && a.Strength is not null).ToList();
        points.Count.ShouldBe(arms.Count + 1);
        points.ShouldContain(("negative", -4, arms.Single(a => a.Strength == -4).Rate));
        points.ShouldContain(("base", 0, _study.Arms.First(a => a.Kind == ArmKind.Base).Rate));
        points.Count(p => p.Item1 == "random").ShouldBe(2);
        _page.Document.QuerySelectorAll("#dose .equivalent tbody tr").Length.ShouldBe(arms.Count);
        _page.Document.QuerySelectorAll("#selection .panel").Length.ShouldBe(4);
    }

    [Fact]
    public void The_ranking_is_drawn_and_tabled_with_the_chosen_layer_marked()
    {
        var section = _page.Document.QuerySelector("#layers")!;
        var rows = section.QuerySelectorAll("tbody tr");
        var drawn = _page.Chart(section).GetProperty("rows").EnumerateArray().ToList();
        foreach (var (rank, i) in _study.Ranking.Select((r, i) => (r, i)))
        {
            var cells = rows[i].QuerySelectorAll("td").Select(c => c.TextContent).ToList();
            rows[i].QuerySelector("th")!.TextContent.ShouldBe(rank.Layer.ToString());
            PageReader.Number(cells[0]).ShouldBe(rank.Auc, 5e-4);
            PageReader.Number(cells[1]).ShouldBe(rank.HeldOutAuc, 5e-4);
            var (low, high) = Ends(cells[2], "–");
            rank.HeldOutAuc.ShouldBeInRange(low, high);
            PageReader.ShouldBeP(cells[3], rank.PermutationP);
            PageReader.Number(cells[4]).ShouldBe(rank.Margin, rank.Margin * 0.005);
            PageReader.Number(cells[7]).ShouldBe(rank.Positives);
            PageReader.Number(cells[8]).ShouldBe(rank.Negatives);
            rows[i].ClassList.Contains("chosen").ShouldBe(rank.Chosen);
            drawn[i].GetProperty("heldOut").GetDouble().ShouldBe(rank.HeldOutAuc);
            drawn[i].GetProperty("auc").GetDouble().ShouldBe(rank.Auc);
            drawn[i].GetProperty("margin").GetDouble().ShouldBe(rank.Margin);
            drawn[i].GetProperty("p").GetDouble().ShouldBe(rank.PermutationP);
            drawn[i].GetProperty("chosen").GetBoolean().ShouldBe(rank.Chosen);
        }
    }

    [Fact]
    public void Failure_marks_are_shares_of_the_trials_that_bear_them()
    {
        foreach (var arm in _study.Arms.Where(a => a.Stage == "test"))
        {
            var cells = _page.ArmRow("Failure marks, test stage", arm.Name);
            var trials = _study.Trials.Where(t => t.Stage == "test" && t.Arm == arm.Name).ToList();
            PageReader.Number(cells[0]).ShouldBe(trials.Count);
            PageReader.Number(cells[1]).ShouldBe(arm.TrialsMarked.ParseFail * 100.0 / trials.Count, 0.0501);
            PageReader.Number(cells[5]).ShouldBe(arm.TrialsMarked.Refusal * 100.0 / trials.Count, 0.0501);
        }
    }

    [Fact]
    public void Tasks_by_arms_hold_every_count_and_name_what_was_never_passed()
    {
        var arms = _study.Arms.Where(a => a.Stage == "test").ToList();
        var rows = _page.Document.QuerySelectorAll("[aria-label='Passed trials by task and arm, test stage'] tbody tr");
        rows.Length.ShouldBe(18);
        foreach (var row in rows)
        {
            var task = row.QuerySelector("th")!.TextContent;
            var cells = row.QuerySelectorAll("td").Select(c => c.TextContent).ToList();
            foreach (var (arm, cell) in arms.Zip(cells))
            {
                var trials = _study.Trials.Where(t => t.Stage == "test" && t.Arm == arm.Name && t.Task == task).ToList();
                cell.ShouldBe($"{trials.Count(t => t.Reward >= 0.5)}/{trials.Count(t => t.Reward is not null)}{(trials.Any(t => t.Reward is null) ? "*" : "")}");
            }

            row.ClassList.Contains("never").ShouldBe(_study.NeverPassed.Any(n => n.Key == task));
        }

        _study.NeverPassed.Count.ShouldBe(4);
        _study.NeverPassed.ShouldAllBe(n => _page.Document.QuerySelector("#tasks p")!.TextContent.Contains(n.Key));
    }

    [Fact]
    public void Three_pairs_on_the_same_task_and_seed_with_different_outcomes_are_shown()
    {
        var pairs = _page.Document.QuerySelectorAll("#transcripts .pair");
        pairs.Length.ShouldBe(3);
        foreach (var pair in pairs)
        {
            pair.QuerySelector("summary")!.TextContent.ShouldMatch("base (passed|failed), L3 ×4 (passed|failed)");
            pair.QuerySelectorAll(".turn").Length.ShouldBeGreaterThan(3);
            pair.QuerySelectorAll(".commands li").Length.ShouldBeGreaterThan(0);
            pair.TextContent.ShouldContain("root@box:/app#");
            pair.QuerySelector(".split")!.TextContent.ShouldContain("part at token");
        }

        var counts = PairCounts.Of(new StudyIndex(_study).Pairs("test", "base", "L3 ×4"));
        _page.Document.QuerySelector("#transcripts p")!.TextContent.ShouldContain($"{counts.Total} pairs: {counts.OnlyRight} only L3 ×4 passed, {counts.OnlyLeft} only base, {counts.Both} both, {counts.Neither} neither");
        counts.Total.ShouldBe(_study.Arms.Single(a => a.Stage == "test" && a.Name == "L3 ×4").Trials);
    }

    [Fact]
    public void Each_control_says_what_it_had_to_show_and_showed()
    {
        var rows = _page.Document.QuerySelectorAll("#controls tbody tr").Select(r => r.TextContent).ToList();
        rows.Count.ShouldBe(6);
        rows.ShouldContain(r => r.Contains("L3 ×0") && r.Contains("180 of 180 pairs with the same tokens"));
        rows.Count(r => r.Contains("random")).ShouldBe(2);
    }

    [Fact]
    public void The_study_file_the_facts_and_the_limits_are_there()
    {
        _page.Document.QuerySelector("#method pre")!.TextContent.ShouldBe(_study.Yaml);
        var facts = _page.Document.QuerySelector("#method dl")!;
        facts.QuerySelectorAll("dt").Select(d => d.TextContent).ShouldBe(_study.Facts.Select(f => f.Key));
        facts.QuerySelectorAll("dd").Select(d => d.TextContent).ShouldBe(_study.Facts.Select(f => f.Value));
        _page.Document.QuerySelectorAll("#limits li").Length.ShouldBeGreaterThan(4);
    }

    [Fact]
    public void The_page_needs_nothing_from_outside_and_runs_only_its_own_scripts()
    {
        _page.Document.QuerySelectorAll("link, img, iframe, object, embed, script[src]").Length.ShouldBe(0);
        _page.Document.QuerySelectorAll("*").SelectMany(e => e.Attributes).ShouldAllBe(a => !a.Name.StartsWith("on"));
        _page.Document.QuerySelectorAll("script").Length.ShouldBe(3);
        var policy = _page.Document.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content")!;
        policy.ShouldStartWith("default-src 'none'");
        policy.ShouldNotContain("script-src 'unsafe-inline'");
        policy.Split("'sha256-").Length.ShouldBe(3);
    }

    [Fact]
    public void Links_lead_to_a_section_or_to_a_file_beside_the_page()
    {
        foreach (var link in _page.Document.QuerySelectorAll("a[href]").Select(a => a.GetAttribute("href")!))
            (link[0] == '#' ? _page.Document.GetElementById(link[1..]) is not null : File.Exists(Path.Combine(Path.GetDirectoryName(_page.Path)!, link))).ShouldBeTrue(link);
        _page.Document.QuerySelectorAll("[id]").GroupBy(e => e.Id).ShouldAllBe(g => g.Count() == 1);
    }

    [Fact]
    public void Every_chart_has_words_and_a_table_for_those_who_do_not_see_it()
    {
        foreach (var chart in _page.Document.QuerySelectorAll("[data-chart]"))
        {
            chart.GetAttribute("role").ShouldBe("img");
            chart.GetAttribute("aria-label")!.Length.ShouldBeGreaterThan(80);
            chart.Closest("section")!.QuerySelectorAll("table").Length.ShouldBeGreaterThan(chart.Closest("#verdict") is null ? 0 : -1);
        }
    }

    [Fact]
    public void The_same_study_gives_the_same_page()
    {
        using var scratch = new ScratchFolder();
        ReportWriter.Write(_study, scratch.Path);
        File.ReadAllText(scratch.File("index.html")).ShouldBe(_page.Text);
    }

    private static (double Low, double High) Ends(string text, string between)
    {
        var parts = text.Split(between);
        parts.Length.ShouldBe(2, text);
        return (PageReader.Number(parts[0]), PageReader.Number(parts[1]));
    }

    private sealed class Near(double tolerance) : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) x, (double, double) y) => Math.Abs(x.Item1 - y.Item1) <= tolerance && Math.Abs(x.Item2 - y.Item2) <= tolerance;

        public int GetHashCode((double, double) obj) => 0;
    }
}
