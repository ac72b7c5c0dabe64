using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Reports.Tests.Samples;

namespace Capvec.Reports.Tests.Pages;

public sealed class ScreenSectionTests : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void A_screen_is_shown_with_what_it_proposed_and_how_that_agrees_with_the_trials()
    {
        var screen = new ScreenResult
        {
            ModelHash = "m", DirectionsHash = "d", Unit = "difference", KlBound = 0.1, TargetKl = 0.05, Solved = 50, Failed = 40, Tasks = 9, Tokens = 14000, KlTokens = 14000, HeldOut = "each trace is read under <b>others'</b> direction",
            Points = [Point(3, 4, 0.25, 0.034, true), Point(7, 4, -0.49, 0.152, false)],
            IsoKl = [Point(3, 4.8, 0.27, 0.05, true)],
        };
        var agreement = new ScreenAgreement("selection", 0.61, new Interval(0.3, 0.8), 18, [new("L3 ×4", 1, 0.25, 0.034, 40, 54), new("L7 ×4", 2, -0.49, 0.152, 30, 54)]);
        var page = new PageReader(SampleStudy.Whole(_scratch.Path) with { Screen = screen, ScreenAgreement = agreement }, _scratch.File("report"));

        var section = page.Document.QuerySelector("#screen")!;
        section.TextContent.ShouldContain("the screen proposed layer 3 at strength 4 (predicted change of the pass rate +25.0 points [+15.0 to +35.0], KL 0.0340)");
        section.TextContent.ShouldContain("under <b>others'</b> direction");
        section.TextContent.ShouldContain("rank correlation of the screen's order with the measured pass rates is 0.610 [0.300 to 0.800]");
        section.QuerySelectorAll("tbody tr").Length.ShouldBe(2 + 1 + 2);
        section.QuerySelectorAll("table")[2].QuerySelectorAll("tbody tr")[0].TextContent.ShouldContain("40/54");
        page.Document.QuerySelectorAll("a[href='#screen']").Length.ShouldBe(1);

        var research = File.ReadAllText(_scratch.File("report/RESEARCH.md"));
        research.ShouldContain("## Screen");
        research.ShouldContain("| 3 | 4 | 40.0 | +25.0 | +15.0 to +35.0 |");
        research.ShouldContain("rank correlation");
    }

    [Fact]
    public void A_study_without_a_screen_has_no_such_section()
    {
        var page = new PageReader(SampleStudy.Whole(_scratch.Path), _scratch.File("report"));
        page.Document.QuerySelector("#screen").ShouldBeNull();
        page.Document.QuerySelectorAll("a[href='#screen']").Length.ShouldBe(0);
        File.ReadAllText(_scratch.File("report/RESEARCH.md")).ShouldNotContain("## Screen");
    }

    private static ScreenPoint Point(int layer, double strength, double effect, double kl, bool inWindow) => new()
    {
        Layer = layer,
        Strength = strength,
        Alpha = 10 * strength,
        Effect = effect,
        EffectInterval = new Interval(effect - 0.1, effect + 0.1),
        EffectiveTraces = 31,
        Solved = 0.01,
        Failed = -0.05,
        DifferenceInterval = new Interval(0.02, 0.1),
        Kl = kl,
        EntropyChange = 0.01,
        NormGrowth = 0.04,
        Openings = new() { ["parse_fail"] = new OpeningChange(-0.4, 7) },
        InWindow = inWindow,
    };
}
