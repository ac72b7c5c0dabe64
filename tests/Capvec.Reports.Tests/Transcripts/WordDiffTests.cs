using AngleSharp.Html.Parser;
using Capvec.Reports.Transcripts;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Reports.Tests.Transcripts;

public sealed class WordDiffTests
{
    private static string Text(string markup) => new HtmlParser().ParseDocument("<pre>x" + markup + "</pre>").QuerySelector("pre")!.TextContent[1..];

    [Fact]
    public void Only_the_words_that_differ_are_marked()
    {
        var (left, right, marked) = WordDiff.Of("I will use grep and just write it.", "I will use grep -c and then write it.");
        marked.ShouldBeTrue();
        left.ToString().ShouldBe("I will use grep and <del>just</del> write it.");
        right.ToString().ShouldBe("I will use grep <ins>-c </ins>and <ins>then</ins> write it.");
    }

    [Fact]
    public void Both_sides_say_what_they_said() => Check.QuickThrowOnFailure(Prop.ForAll(
        (from a in Words() from b in Words() select (a, b)).ToArbitrary(), x =>
        {
            var (left, right, _) = WordDiff.Of(x.a, x.b);
            return Text(left.ToString()) == x.a && Text(right.ToString()) == x.b;
        }));

    [Fact]
    public void Texts_with_little_in_common_are_not_covered_in_marks()
    {
        var (left, right, marked) = WordDiff.Of("Let me look around first.", "The result stands in the file and has been checked twice.");
        marked.ShouldBeFalse();
        (left.ToString() + right).ShouldNotContain("<");
    }

    [Fact]
    public void Marked_words_are_escaped()
    {
        var (left, right, _) = WordDiff.Of("a b c d <i>", "a b c d <script>");
        left.ToString().ShouldEndWith("</del>");
        (left.ToString() + right).ShouldNotContain("<script>");
        Text(right.ToString()).ShouldBe("a b c d <script>");
    }

    private static Gen<string> Words() => Gen.Elements("run", "the", " ", "\n", "<b>", "&amp;", "grep", ", ", "file.txt", "{", "\"", "é").ListOf(20).Select(string.Concat);
}
