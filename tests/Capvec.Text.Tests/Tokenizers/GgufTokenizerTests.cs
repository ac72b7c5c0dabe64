using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Tests;
using Capvec.Text.Templates;
using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

public class GgufTokenizerTests
{
    [Fact]
    public void The_phantom_s_vocabulary_in_a_gguf_file_gives_the_ids_of_the_reference()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Tokenizer.Load(Write(folder, Phantom()));
        var rows = Fixture.Lines(Fixture.Path("phantom.jsonl"));
        foreach (var row in rows)
        {
            var (text, ids) = (row.GetProperty("text").GetString()!, row.GetProperty("ids").Ints());
            tokenizer.Encode(text).ShouldBe(ids, text);
            tokenizer.Decode(ids).ShouldBe(row.GetProperty("decoded").GetString(), text);
        }

        rows.Count.ShouldBe(420);
        tokenizer.Count.ShouldBe(Vocabularies.Phantom.Count);
        tokenizer.AddedTokens.ShouldBe(Vocabularies.Phantom.AddedTokens);
    }

    [Fact]
    public void SmolLM2_s_file_gives_the_ids_of_the_reference()
    {
        var tokenizer = Tokenizer.Load(Repository.Shared("models", "smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"));
        foreach (var row in Fixture.Lines(Repository.Shared("goldens", "formats", "tokenizers", "smollm2.jsonl")))
            tokenizer.Encode(row.GetProperty("text").GetString()!).ShouldBe(row.GetProperty("ids").Ints(), row.ToString());
    }

    [Fact]
    public void Unused_ids_stand_for_nothing()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = Tokenizer.Load(Write(folder, Small(["a", "b", "ab", "[PAD3]"], [1, 1, 1, 5], ["a b"])));
        tokenizer.Knows(3).ShouldBeFalse();
        tokenizer.Count.ShouldBe(3);
        tokenizer.Encode("ab").ShouldBe([2]);
        tokenizer.Encode("[PAD3]").ShouldBe([]);
    }

    [Fact]
    public void The_template_knows_the_special_tokens()
    {
        using var folder = new TemporaryFolder();
        var writer = Small(["<s>", "a"], [3, 1], []).Set("tokenizer.ggml.bos_token_id", 0u).Set("tokenizer.chat_template", "{{ bos_token }}{{ messages[0].content }}");
        ChatTemplate.Load(Write(folder, writer)).Render([new ChatMessage("user", "a")], addGenerationPrompt: true).ShouldBe("<s>a");
    }

    [Theory]
    [InlineData("llama-bpe", null, new[] { 0 })]
    [InlineData("llama-bpe", false, new int[0])]
    [InlineData("qwen2", null, new int[0])]
    [InlineData("qwen2", true, new[] { 0 })]
    public void The_first_token_depends_on_the_file_and_the_kind(string pre, bool? add, int[] expected)
    {
        using var folder = new TemporaryFolder();
        var writer = Small(["<s>", "a"], [3, 1], []).Set("tokenizer.ggml.pre", pre).Set("tokenizer.ggml.bos_token_id", 0u);
        if (add is { } flag)
            writer.Set("tokenizer.ggml.add_bos_token", flag);
        Tokenizer.Load(Write(folder, writer)).Prefix.ShouldBe(expected);
    }

    [Theory]
    [InlineData("tokenizer.ggml.model", "llama", "tokenizer.ggml.model \"llama\" is not supported")]
    [InlineData("tokenizer.ggml.pre", "tekken", "tokenizer.ggml.pre \"tekken\" is not supported")]
    public void What_is_not_known_is_refused_by_name(string key, string value, string message)
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, Small(["a"], [1], []).Set(key, value));
        Should.Throw<CapvecException>(() => Tokenizer.Load(path)).Message.ShouldContain(message);
    }

    [Fact]
    public void A_file_without_a_vocabulary_says_so()
    {
        using var folder = new TemporaryFolder();
        foreach (var writer in new[] { new GgufWriter(), new GgufWriter().Set("tokenizer.ggml.model", "none"), new GgufWriter().Set("tokenizer.ggml.model", "no_vocab") })
            Should.Throw<CapvecException>(() => Tokenizer.Load(Write(folder, writer))).Message.ShouldContain("holds no tokenizer");
    }

    [Fact]
    public void Damaged_vocabularies_are_refused_with_the_key()
    {
        using var folder = new TemporaryFolder();
        void Refused(GgufWriter writer, string message) => Should.Throw<CapvecException>(() => Tokenizer.Load(Write(folder, writer))).Message.ShouldContain(message);
        Refused(Small(["a", "b"], [1, 1], ["a b"]), "tokenizer.ggml.merges has \"a b\" at 0");
        Refused(Small(["a", "a"], [1, 1], []), "tokenizer.ggml.tokens has \"a\" as 0 and as 1");
        Refused(Small(["a", "b"], [1], []), "tokenizer.ggml.token_type has 1 entries");
        Refused(Small(["a"], [1], []).Set("tokenizer.ggml.add_bos_token", true).Set("tokenizer.ggml.bos_token_id", 7u), "tokenizer.ggml.bos_token_id is 7");
    }

    private static string Write(TemporaryFolder folder, GgufWriter writer)
    {
        var path = Path.Combine(folder.Path, "vocabulary.gguf");
        writer.Write(path);
        return path;
    }

    private static GgufWriter Small(string[] tokens, int[] types, string[] merges) => new GgufWriter()
        .Set("tokenizer.ggml.model", "gpt2").Set("tokenizer.ggml.pre", "qwen2")
        .Set("tokenizer.ggml.tokens", tokens).Set("tokenizer.ggml.token_type", types).Set("tokenizer.ggml.merges", merges);

    private static GgufWriter Phantom()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(Fixture.PhantomFolder, "tokenizer.json")));
        var model = json.RootElement.GetProperty("model");
        var added = json.RootElement.GetProperty("added_tokens").EnumerateArray().ToDictionary(t => t.GetProperty("id").GetInt32());
        var entries = model.GetProperty("vocab").EnumerateObject().ToDictionary(p => p.Value.GetInt32(), p => p.Name);
        foreach (var (id, token) in added)
            entries[id] = token.GetProperty("content").GetString()!;
        int[] ids = [.. Enumerable.Range(0, entries.Keys.Max() + 1)];
        var merges = model.GetProperty("merges").EnumerateArray().Select(m => m.ValueKind == JsonValueKind.String ? m.GetString()! : string.Join(' ', m.EnumerateArray().Select(x => x.GetString())));
        return Small(
            [.. ids.Select(id => entries.GetValueOrDefault(id, $"[PAD{id}]"))],
            [.. ids.Select(id => added.TryGetValue(id, out var token) ? token.GetProperty("special").GetBoolean() ? 3 : 4 : entries.ContainsKey(id) ? 1 : 5)],
            [.. merges]).Set("tokenizer.ggml.pre", "qwen35");
    }
}
