using Capvec.Experiments.Results;
using Capvec.Reports.Tests.Pages;
using Capvec.Reports.Tests.Samples;
using Microsoft.Playwright;

namespace Capvec.Reports.Tests.Browser;

public sealed class ReportInBrowserTests(BrowserFixture browser, WholeStudyFixture whole) : IClassFixture<BrowserFixture>, IClassFixture<WholeStudyFixture>
{
    // Pixels of text that lie outside their drawing, over all charts.
    private const string TextOutside = """
        () => [...document.querySelectorAll('.plot')].flatMap(p => {
          const box = p.getBoundingClientRect();
          return [...p.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()])
            .filter(([, r]) => r.left < box.left - 1 || r.right > box.right + 1 || r.top < box.top - 1 || r.bottom > box.bottom + 1).map(([text]) => text);
        })
        """;

    // Pairs of texts of one chart that cover each other.
    private const string TextOverlaps = """
        () => [...document.querySelectorAll('.plot')].flatMap(p => {
          const texts = [...p.querySelectorAll('text')].filter(t => t.textContent.trim()).map(t => [t.textContent, t.getBoundingClientRect()]);
          const found = [];
          for (let i = 0; i < texts.length; i++)
            for (let j = i + 1; j < texts.length; j++) {
              const a = texts[i][1], b = texts[j][1];
              if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4) found.push(texts[i][0] + ' / ' + texts[j][0]);
            }
          return found;
        })
        """;

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(1280, ColorScheme.Dark)]
    [InlineData(768, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Light)]
    [InlineData(320, ColorScheme.Dark)]
    public async Task The_page_opens_without_a_network_and_draws_every_chart_as_SVG(int width, ColorScheme scheme)
    {
        var (page, trouble) = await browser.OpenAsync(whole.Page.Path, width, scheme);

        var charts = await page.EvaluateAsync<int[]>("() => [...document.querySelectorAll('[data-chart]')].map(e => e.querySelectorAll('svg path, svg circle, svg polyline').length)");
        charts.Length.ShouldBe(whole.Page.Charts.GetArrayLength());
        charts.ShouldAllBe(paths => paths > 8);
        (await page.EvaluateAsync<int>("() => document.querySelectorAll('canvas').length")).ShouldBe(0);
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBe(width);
        (await page.EvaluateAsync<string[]>(TextOutside)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(TextOverlaps)).ShouldBeEmpty();
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_drawing_says_the_data_arm_by_arm()
    {
        var (page, _) = await browser.OpenAsync(whole.Page.Path);
        var texts = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('#verdict .plot text')].map(t => t.textContent)");
        foreach (var arm in whole.Study.Arms.Where(a => a.Stage == "test"))
        {
            texts.ShouldContain(arm.Name);
            texts.ShouldContain($"{arm.Passed}/{arm.Trials}");
        }

        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Dark_and_light_differ_in_page_and_charts_and_follow_a_change()
    {
        var (page, _) = await browser.OpenAsync(whole.Page.Path);
        const string Ink = "() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('#verdict .plot text')).fill].join()";
        var light = await page.EvaluateAsync<string>(Ink);
        await page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        await page.WaitForFunctionAsync($"before => ({Ink})() !== before && ({Ink})().split('),')[1] !== before.split('),')[1]", light);
        light.ShouldStartWith("rgb(255, 255, 255)");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Tables_wait_behind_their_charts_and_stand_open_without_scripts()
    {
        var (page, _) = await browser.OpenAsync(whole.Page.Path);
        (await page.Locator("details.equivalent table:visible").CountAsync()).ShouldBe(0);
        (await page.Locator(".plot:visible").CountAsync()).ShouldBeGreaterThan(3);
        await page.Context.CloseAsync();

        var (still, _) = await browser.OpenAsync(whole.Page.Path, scripts: false);
        (await still.Locator("details.equivalent table:visible").CountAsync()).ShouldBe(3);
        (await still.Locator(".plot:visible").CountAsync()).ShouldBe(0);
        (await still.Locator("[data-toggle-details]:visible").CountAsync()).ShouldBe(0);
        (await still.EvaluateAsync<bool>("() => document.querySelector('main > noscript p').getBoundingClientRect().height > 10")).ShouldBeTrue();
        await still.Context.CloseAsync();
    }

    [Fact]
    public async Task On_paper_the_page_is_light_and_the_tables_are_open()
    {
        var (page, trouble) = await browser.OpenAsync(whole.Page.Path, scheme: ColorScheme.Dark);
        await page.EmulateMediaAsync(new() { Media = Media.Print, ColorScheme = ColorScheme.Dark });
        await page.EvaluateAsync("() => dispatchEvent(new Event('beforeprint'))");
        (await page.EvaluateAsync<string>("() => getComputedStyle(document.querySelector('#verdict .plot text')).fill")).ShouldBe("rgb(89, 98, 107)");
        (await page.Locator("details.equivalent table:visible").CountAsync()).ShouldBe(3);
        await page.EvaluateAsync("() => dispatchEvent(new Event('afterprint'))");
        (await page.PdfAsync(new() { Format = "A4" })).Length.ShouldBeGreaterThan(50_000);
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_tooltip_says_the_figures()
    {
        var (page, _) = await browser.OpenAsync(whole.Page.Path);
        var box = (await page.Locator("#verdict .plot").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 26 + 15);
        await page.Locator("#verdict .plot div:has-text('95') >> nth=0").Or(page.Locator("#verdict .plot div:has-text('passed') >> nth=0")).First.WaitForAsync();
        var basis = whole.Study.Arms.First(a => a is { Stage: "test", Kind: ArmKind.Base });
        (await page.Locator("#verdict .plot").InnerTextAsync()).ShouldContain($"{basis.Passed} of {basis.Trials} passed");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task The_button_opens_and_closes_all_transcripts()
    {
        var (page, trouble) = await browser.OpenAsync(whole.Page.Path);
        await page.Locator("[data-toggle-details]").ClickAsync();
        (await page.EvaluateAsync<bool>("() => [...document.querySelectorAll('#transcripts details')].every(d => d.open)")).ShouldBeTrue();
        await page.Locator("[data-toggle-details]").ClickAsync();
        (await page.EvaluateAsync<bool>("() => [...document.querySelectorAll('#transcripts details')].some(d => d.open)")).ShouldBeFalse();
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Hostile_text_runs_nothing()
    {
        using var scratch = new ScratchFolder();
        var path = ReportWriter.Write(HostileTextTests.Poisoned(scratch.Path, 3), scratch.File("report"));
        var (page, trouble) = await browser.OpenAsync(path, 390);
        var box = (await page.Locator("#verdict .plot").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + 26 + 46 + 23);
        await page.Locator("#verdict .plot").GetByText("passed").First.WaitForAsync();
        (await page.EvaluateAsync<bool>("() => 'hit' in window")).ShouldBeFalse();
        (await page.EvaluateAsync<int>("() => document.querySelectorAll('img, .plot script').length")).ShouldBe(0);
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBe(390);
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task Thirty_arms_with_long_names_and_sixty_four_layers_fit(int width)
    {
        using var scratch = new ScratchFolder();
        SampleArm[] arms = [new("base", ArmKind.Base, 0.49), .. Enumerable.Range(0, 29).Select(i => new SampleArm($"layers 4 to 10 at once, strength {i}, another checkpoint of the adapter", (ArmKind)(i % 6 + 1), i / 29.0, [i], (i * 0.4) - 2))];
        var study = SampleStudy.Whole(scratch.Path, arms, 3) with { Ranking = SampleStudy.Ranking(64) };
        var (page, trouble) = await browser.OpenAsync(ReportWriter.Write(study, scratch.File("report")), width);
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBe(width);
        (await page.EvaluateAsync<string[]>(TextOutside)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(TextOverlaps)).ShouldBeEmpty();
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task A_study_about_refusals_draws_them_and_a_screen_fits(int width, ColorScheme scheme)
    {
        using var scratch = new ScratchFolder();
        var study = SampleRefusals.Make(scratch.Path) with { Screen = SampleScreen.Make(), ScreenAgreement = SampleScreen.Agreement };
        var (page, trouble) = await browser.OpenAsync(ReportWriter.Write(study, scratch.File("report")), width, scheme);
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBe(width);
        (await page.EvaluateAsync<string[]>(TextOutside)).ShouldBeEmpty();
        (await page.EvaluateAsync<string[]>(TextOverlaps)).ShouldBeEmpty();
        var texts = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('#verdict .plot text')].map(t => t.textContent)");
        texts.ShouldContain("share of trials refused");
        // Narrow pages write the rate and the count in one.
        foreach (var arm in study.Refusals!.Arms)
            texts.ShouldContain(text => text.Split(' ').Last() == $"{arm.Passed}/{arm.Trials}");
        (await page.Locator("#screen table:visible").CountAsync()).ShouldBe(4);
        trouble.ShouldBeEmpty();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task A_study_without_a_trial_or_with_null_rewards_alone_opens_without_an_error()
    {
        using var scratch = new ScratchFolder();
        SampleArm[] lost = [new("base", ArmKind.Base, 0.5, Lost: 1), new("L3 ×4", ArmKind.Steered, 0.5, [3], 4, Lost: 1)];
        var studies = new[] { SampleStudy.Empty(scratch.Path), SampleStudy.Make(scratch.Path, lost, [], 1, t => t, "", false), SampleStudy.Make(scratch.Path, lost[..1], [], 1, t => t, "", false) };
        for (var i = 0; i < studies.Length; i++)
        {
            var (page, trouble) = await browser.OpenAsync(ReportWriter.Write(studies[i], scratch.File($"report{i}")));
            trouble.ShouldBeEmpty();
            await page.Context.CloseAsync();
        }
    }
}
