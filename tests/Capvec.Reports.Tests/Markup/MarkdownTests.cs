using AngleSharp.Html.Parser;
using FsCheck;
using FsCheck.Fluent;
using Markdig;
using Escaped = Capvec.Reports.Markup.Markdown;

namespace Capvec.Reports.Tests.Markup;

public sealed class MarkdownTests
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().Build();

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("a | b | c")]
    [InlineData("**bold** _it_ `code` [link](http://x) ![i](x) ~~no~~")]
    [InlineData("two\nlines")]
    [InlineData("&lt;b&gt; &#60; AT&T, p < 0.001, [−3.1 to +4.2], a_b_c __d__ _e")]
    [InlineData("open [ alone")]
    [InlineData("close ] alone [")]
    [InlineData("[a][b] [a]: http://x <http://x> <!-- x --> ![[x]](y)")]
    [InlineData("back\\slash | pipe \\| both")]
    public void A_table_shows_a_cell_as_it_is(string text)
    {
        var table = Escaped.Table(["Name", "Figure>"], [[text, "1"], ["plain", "2"]]);
        var html = new HtmlParser().ParseDocument(Markdown.ToHtml(table, Pipeline));
        html.QuerySelectorAll("tbody tr").Length.ShouldBe(2);
        var cells = html.QuerySelectorAll("tbody tr")[0].QuerySelectorAll("td");
        cells.Length.ShouldBe(2);
        cells[0].TextContent.ShouldBe(text.ReplaceLineEndings(" "));
        cells[0].Children.Length.ShouldBe(0);
    }

    [Theory]
    [InlineData("# no heading")]
    [InlineData("> no quotation")]
    [InlineData("- no list")]
    [InlineData("+ no list")]
    [InlineData("=====")]
    [InlineData("<div>")]
    public void A_line_shows_a_text_as_it_is(string text)
    {
        var html = new HtmlParser().ParseDocument(Markdown.ToHtml("before\n\n" + Escaped.Text(text) + "\n", Pipeline));
        html.QuerySelectorAll("body > *").Select(e => (e.LocalName, e.TextContent)).ShouldBe([("p", "before"), ("p", text)]);
    }

    [Fact]
    public void A_fence_holds_any_text() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Elements("`", "```", "\n", "~~~", "text", "    ", "# ").ListOf(12).Select(string.Concat).ToArbitrary(), text =>
        {
            var html = new HtmlParser().ParseDocument(Markdown.ToHtml(Escaped.Fence("text", text) + "\nafter\n", Pipeline));
            return html.QuerySelectorAll("pre").Length == 1 && html.QuerySelector("pre")!.TextContent.TrimEnd('\n') == text.TrimEnd('\n') && html.QuerySelector("body > p")!.TextContent == "after";
        }));
}
