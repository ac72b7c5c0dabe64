using Capvec.Formats.Gguf;
using Capvec.Tests;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

/// <summary>A tokenizer that a GGUF file carries, written as the files of a folder, splits and merges as it did.</summary>
public class FolderTokenizerTests
{
    [Fact]
    public void The_phantom_s_gives_the_ids_of_the_reference_after_both_ways()
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        GgufTokenizerWriter.Write(Fixture.PhantomFolder, Vocabularies.Phantom.Count, [2], writer);
        var file = Path.Combine(folder.Path, "phantom.gguf");
        writer.Write(file);
        var tokenizer = Back(file, folder.Path);
        foreach (var row in Fixture.Lines(Fixture.Path("phantom.jsonl")))
        {
            var (text, ids) = (row.GetProperty("text").GetString()!, row.GetProperty("ids").Ints());
            tokenizer.Encode(text).ShouldBe(ids, text);
            tokenizer.Decode(ids).ShouldBe(row.GetProperty("decoded").GetString(), text);
        }

        tokenizer.Count.ShouldBe(Vocabularies.Phantom.Count);
        foreach (var path in new[] { file, folder.Path, Fixture.PhantomFolder })
            Tokenizer.Survey(path).ShouldBe(tokenizer.Count);
        tokenizer.AddedTokens.ShouldBe(Vocabularies.Phantom.AddedTokens);
        var template = ChatTemplate.Load(folder.Path);
        template.Source.ShouldBe(ChatTemplate.Load(Fixture.PhantomFolder).Source);
    }

    [Fact]
    public void SmolLM2_s_gives_the_ids_of_the_reference()
    {
        using var folder = new TemporaryFolder();
        var file = Repository.Shared("models", "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
        var tokenizer = Back(file, folder.Path);
        foreach (var row in Fixture.Lines(Repository.Shared("goldens", "formats", "tokenizers", "smollm2.jsonl")))
            tokenizer.Encode(row.GetProperty("text").GetString()!).ShouldBe(row.GetProperty("ids").Ints(), row.ToString());
        tokenizer.AddedTokens.ShouldBe(Tokenizer.Load(file).AddedTokens);
        ChatMessage[] messages = [new("user", "Hello")];
        ChatTemplate.Load(folder.Path).Render(messages, true).ShouldBe(ChatTemplate.Load(file).Render(messages, true));
    }

    [Theory]
    [InlineData("qwen35")]
    [InlineData("qwen2")]
    [InlineData("llama-bpe")]
    [InlineData("smollm")]
    [InlineData("gpt-2")]
    public void Rules_and_surrounding_tokens_come_back(string pre)
    {
        // é in two characters, digits in a row, a word that is an entry without merges, a token that is made by a merge.
        string[] tokens = ["<s>", "a", "b", "1", "2", "ab", "Ã", "©", "Ã©", "e", "Ì", "ģ", "eÌģ", "aba", "<x>"];
        int[] types = [3, 1, 1, 1, 1, 4, 1, 1, 1, 1, 1, 1, 1, 1, 4];
        using var folder = new TemporaryFolder();
        var file = Path.Combine(folder.Path, "small.gguf");
        new GgufWriter().Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", pre).Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types)
            .Set("tokenizer.ggml.merges", new[] { "a b", "Ã ©" }).Set("tokenizer.ggml.bos_token_id", 0u).Set("tokenizer.ggml.eos_token_id", 14u)
            .Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.add_eos_token", true).Write(file);
        var (original, back) = (Tokenizer.Load(file), Back(file, folder.Path));
        back.Prefix.ShouldBe([0]);
        back.Suffix.ShouldBe([14]);
        foreach (var text in new[] { "ab", "aba", "abab", "1212", "e\u0301", "é", "a<x>b", "<s>ab" })
        {
            back.Encode(text).ShouldBe(original.Encode(text), text);
            back.Encode(text, parseAdded: false).ShouldBe(original.Encode(text, parseAdded: false), text);
        }
    }

    private static Tokenizer Back(string path, string folder)
    {
        using (var file = GgufFile.Open(path))
        {
            FolderTokenizerWriter.HasTokenizer(file).ShouldBeTrue();
            FolderTokenizerWriter.Write(file, folder);
        }

        return Tokenizer.Load(folder);
    }
}
