using Capvec.Experiments.Prompts;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Tests.Prompts;

public sealed class ContrastTextReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("capvec-texts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Pairs_keep_prompt_and_group_and_count_their_own_line_where_there_is_none()
    {
        var csv = Write("a.csv", "group,prompt,positive,negative\nx,Q1,\"yes, please\",no\n,,good,bad\n");
        var texts = ContrastTextReader.Pairs(csv);
        texts.Select(t => (t.Group, t.IsPositive, t.Text)).ShouldBe([("x", true, "yes, please"), ("x", false, "no"), ("pair 3", true, "good"), ("pair 3", false, "bad")]);
        texts[0].Prompt.ShouldBe("Q1");
        texts[0].Id.ShouldBe("a.csv:2 positive");

        var json = Write("a.jsonl", "{\"prompt\":\"Q1\",\"group\":\"x\",\"positive\":\"yes, please\",\"negative\":\"no\"}\n\n{\"positive\":\"good\",\"negative\":\"bad\"}\n");
        ContrastTextReader.Pairs(json).Select(t => (t.Group, t.IsPositive, t.Prompt, t.Text)).ShouldBe(
            [("x", true, "Q1", "yes, please"), ("x", false, "Q1", "no"), ("pair 3", true, null, "good"), ("pair 3", false, null, "bad")]);
    }

    [Fact]
    public void Lines_are_texts_and_empty_ones_are_not() =>
        ContrastTextReader.Lines(Write("t.txt", "one\r\n\n  \ntwo\n"), isPositive: false).Select(t => (t.Text, t.IsPositive, t.Id)).ShouldBe([("one", false, "t.txt:1"), ("two", false, "t.txt:4")]);

    [Theory]
    [InlineData("a.txt", "x", "pairs are read from .csv")]
    [InlineData("a.csv", "good,bad\n1,2\n", "a.csv:1: the heading line")]
    [InlineData("b.csv", "positive,negative\nyes,\n", "b.csv:2: there is no 'negative'")]
    [InlineData("c.csv", "positive,negative\n", "there is no pair")]
    [InlineData("a.jsonl", "{\"positive\":\"a\",\"negative\":\"b\"}\n[1]\n", "a.jsonl:2: this is no JSON object")]
    [InlineData("b.jsonl", "{\"positive\":1,\"negative\":\"b\"}\n", "b.jsonl:1: 'positive' is Number")]
    public void What_is_no_pair_is_refused_with_its_line(string name, string content, string message) =>
        Should.Throw<CapvecException>(() => ContrastTextReader.Pairs(Write(name, content))).Message.ShouldContain(message);

    [Fact]
    public void What_is_not_utf8_is_said()
    {
        var path = Path.Combine(_folder, "latin.jsonl");
        File.WriteAllBytes(path, [(byte)'{', 0xE9, (byte)'}']);
        Should.Throw<CapvecException>(() => ContrastTextReader.Pairs(path)).Message.ShouldContain("is not UTF-8");
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }
}
