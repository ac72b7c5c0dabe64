using AngleSharp.Html.Parser;
using Capvec.Reports.Markup;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Reports.Tests.Markup;

public sealed class HtmlTests
{
    private static readonly HtmlParser Parser = new();

    [Fact]
    public void Any_text_reads_back_from_content_and_from_an_attribute() => Check.QuickThrowOnFailure(Prop.ForAll(
        ArbMap.Default.GeneratorFor<string>().Select(s => s ?? "").Where(IsPrintable).ToArbitrary(), text =>
        {
            var element = Parser.ParseDocument(Html.Of($"""<p title="{text}">{text}</p>""").ToString()).QuerySelector("p")!;
            return element.TextContent == text && element.GetAttribute("title") == text && element.Children.Length == 0;
        }));

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("\"><img src=x onerror=alert(1)>")]
    [InlineData("' onclick='alert(1)")]
    [InlineData("</p></main><b>")]
    [InlineData("&lt;script&gt; &amp; &#60;")]
    [InlineData("line\r\nline\ttab")]
    public void Hostile_text_is_shown_and_not_obeyed(string text)
    {
        var document = Parser.ParseDocument(Html.Of($"""<p title="{text}">{text}</p>""").ToString());
        document.Body!.Children.Length.ShouldBe(1);
        document.QuerySelector("p")!.TextContent.ShouldBe(text);
        document.QuerySelector("p")!.GetAttribute("title").ShouldBe(text);
        document.QuerySelector("p")!.Attributes.Length.ShouldBe(1);
    }

    [Fact]
    public void Characters_that_no_page_may_hold_become_the_replacement_character() =>
        Html.Of($"<p>{"a\0b\u001b[31mc\u0085d\uD800e"}</p>").ToString().ShouldBe("<p>a\uFFFDb\uFFFD[31mc\uFFFDd\uFFFDe</p>");

    [Fact]
    public void Markup_put_into_markup_is_not_escaped_again()
    {
        var inner = Html.Of($"<b>{"<"}</b>");
        Html.Of($"<p>{inner}{new[] { inner, inner }}{7}</p>").ToString().ShouldBe("<p><b>&lt;</b><b>&lt;</b><b>&lt;</b>7</p>");
    }

    [Theory]
    [InlineData("a { } </STYLE><b>")]
    public void A_style_sheet_that_would_end_its_element_is_refused(string sheet) => Should.Throw<InvalidOperationException>(() => Html.Style(sheet));

    [Theory]
    [InlineData("'</Script>'")]
    [InlineData("'<!-- <script>'")]
    public void A_script_that_would_end_its_element_is_refused(string script) => Should.Throw<InvalidOperationException>(() => Html.Script(script));

    // Control characters and halves of surrogate pairs are replaced, and a parser drops nothing else.
    private static bool IsPrintable(string text)
    {
        var runes = text.EnumerateRunes().ToList();
        return string.Concat(runes) == text && runes.TrueForAll(r => r.Value is '\n' or '\t' or '\r' or (>= 0x20 and < 0x7f) or > 0x9f);
    }
}
