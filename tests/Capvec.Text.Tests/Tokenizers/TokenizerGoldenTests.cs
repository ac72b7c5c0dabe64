using Capvec.Tests;

namespace Capvec.Text.Tests.Tokenizers;

public class TokenizerGoldenTests
{
    [Fact]
    public void The_phantom_s_tokenizer_gives_the_ids_and_texts_of_the_reference() => CheckTexts("phantom", Fixture.Path("phantom.jsonl"));

    [Theory]
    [InlineData("qwen35")]
    [InlineData("smollm2")]
    public void Other_vocabularies_give_the_ids_and_texts_of_the_reference(string name) =>
        CheckTexts(name, Repository.Shared("goldens", "formats", "tokenizers", $"{name}.jsonl"));

    [Fact]
    public void Streams_of_the_phantom_give_out_the_chunks_of_the_reference() => CheckStreams(Fixture.Path("streaming.jsonl"), 35);

    [Fact]
    public void Streams_of_other_vocabularies_give_out_the_chunks_of_the_reference() =>
        CheckStreams(Repository.Shared("goldens", "formats", "tokenizers", "streaming.jsonl"), 103);

    private static void CheckTexts(string name, string path)
    {
        var tokenizer = Vocabularies.Named(name);
        var rows = Fixture.Lines(path);
        rows.Count.ShouldBe(420);
        foreach (var row in rows)
        {
            var text = row.GetProperty("text").GetString()!;
            var ids = row.GetProperty("ids").Ints();
            tokenizer.Encode(text).ShouldBe(ids, $"{name}: {row.GetProperty("tag")}: {text}");
            tokenizer.Decode(ids).ShouldBe(row.GetProperty("decoded").GetString(), $"{name}: {text}");
        }
    }

    private static void CheckStreams(string path, int count)
    {
        var rows = Fixture.Lines(path);
        rows.Count.ShouldBe(count);
        foreach (var row in rows)
        {
            var stream = Vocabularies.Named(row.GetProperty("tokenizer").GetString()!).Stream();
            string[] chunks = [.. row.GetProperty("ids").Ints().Select(stream.Push), stream.Finish()];
            chunks.ShouldBe(row.GetProperty("chunks").EnumerateArray().Select(chunk => chunk.GetString()), row.ToString());
        }
    }
}
