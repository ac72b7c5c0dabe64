using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

public sealed class ScreenSectionTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_screen_is_shown_with_what_it_proposed_and_how_that_agrees_with_the_trials()
    {
        var page = new PageReader(SampleStudy.Whole(_scratch.Path) with { Screen = SampleScreen.Make(), ScreenAgreement = SampleScreen.Agreement }, _scratch.File("report"));

        var section = page.Document.QuerySelector("#screen")!;
        section.TextContent.ShouldContain("the screen proposed layer 3 at strength 4 (predicted change of the pass rate +25.0 points [+15.0 to +35.0], KL 0.0340)");
        section.TextContent.ShouldContain("under <b>others'</b> direction");
        section.TextContent.ShouldContain("rank correlation of the screen's order with the measured pass rates is 0.610 [0.300 to 0.800]");
        section.QuerySelectorAll("tbody tr").Length.ShouldBe(2 + 2 + 1 + 2);
        var openings = section.QuerySelectorAll("table")[1];
        openings.QuerySelectorAll("th").Last().TextContent.ShouldBe("parse_fail (n = 7)");
        openings.QuerySelectorAll("tbody tr")[0].QuerySelectorAll("td").Select(cell => cell.TextContent).ShouldBe(["1", "3", "4", "−0.400"]);
        section.QuerySelectorAll("table")[3].QuerySelectorAll("tbody tr")[0].TextContent.ShouldContain("40/54");
        section.TextContent.ShouldContain("Among the 2 points with a KL of at most");
        page.Document.QuerySelectorAll("a[href='#screen']").Length.ShouldBe(1);

        var research = File.ReadAllText(_scratch.File("report/RESEARCH.md"));
        research.ShouldContain("## Screen");
        research.ShouldContain("| 3 | 4 | 40.0 | +25.0 | +15.0 to +35.0 |");
        research.ShouldContain("rank correlation");
    }

    [Fact]
    public void Without_an_order_or_without_enough_points_it_says_so()
    {
        var whole = SampleStudy.Whole(_scratch.Path, traces: false) with { Screen = SampleScreen.Make() };
        var flat = new PageReader(whole with { ScreenAgreement = SampleScreen.Agreement with { Correlation = double.NaN } }, _scratch.File("flat"));
        flat.Document.QuerySelector("#screen")!.TextContent.ShouldContain("all with the same pass rate, so there is no order");
        var few = new PageReader(whole, _scratch.File("few"));
        few.Document.QuerySelector("#screen")!.TextContent.ShouldContain("Too few of its points were tried");
    }

    [Fact]
    public void A_study_without_a_screen_has_no_such_section()
    {
        var page = new PageReader(SampleStudy.Whole(_scratch.Path), _scratch.File("report"));
        page.Document.QuerySelector("#screen").ShouldBeNull();
        page.Document.QuerySelectorAll("a[href='#screen']").Length.ShouldBe(0);
        File.ReadAllText(_scratch.File("report/RESEARCH.md")).ShouldNotContain("## Screen");
    }
}
