using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// Reads the tokenizer that a GGUF file carries under <c>tokenizer.ggml</c>. The file names the splitting expression (<c>pre</c>) instead of holding it, and of
/// added tokens it tells the text and whether they are special, nothing else. What it does not know it refuses by name, as <see cref="TokenizerReader"/> does.
/// </summary>
internal static class GgufTokenizerReader
{
    private const string Keys = "tokenizer.ggml.";

    /// <summary>Value of token_type: an entry of the byte-level vocabulary.</summary>
    public const int Normal = 1;

    /// <summary>Value of token_type: a special token.</summary>
    public const int Control = 3;

    /// <summary>Value of token_type: an added token that is not special.</summary>
    public const int UserDefined = 4;

    /// <summary>Value of token_type: fills up the embedding and stands for nothing.</summary>
    public const int Unused = 5;

    /// <summary>Value of model: the file has no vocabulary.</summary>
    public const string None = "none";

    private static readonly Dictionary<string, Rules> Known = new()
    {
        ["qwen35"] = new(Splitters.Qwen35, Nfc: true),
        ["qwen2"] = new(Splitters.Qwen2, Nfc: true),
        ["deepseek-r1-qwen"] = new(Splitters.Qwen2, Nfc: true),
        ["llama-bpe"] = new(Splitters.Llama3, IgnoreMerges: true, Bos: true),
        ["smollm"] = new(Splitters.SmolLM2),
        ["gpt-2"] = new(Splitters.Gpt2),
    };

    /// <summary>Reads the tokenizer of a file.</summary>
    /// <exception cref="CapvecException">The file has none, or one that is broken or of a kind that is not supported.</exception>
    public static TokenizerDefinition Read(GgufFile file)
    {
        var metadata = file.Metadata;
        var (rules, tokens, types) = Basics(file);

        // Merges may make an added token, so they look it up too; pieces of plain text may not become one.
        var (entries, vocabulary, added) = (new Dictionary<string, int>(tokens.Length), new Dictionary<string, int>(tokens.Length), new List<AddedToken>());
        for (var id = 0; id < tokens.Length; id++)
        {
            if (types[id] == Unused)
                continue;
            if (!entries.TryAdd(tokens[id], id))
                throw Wrong(file, "tokens", $"has \"{tokens[id]}\" as {entries[tokens[id]]} and as {id}", "each text once");
            if (types[id] is Control or UserDefined)
                added.Add(new AddedToken(id, tokens[id], Special: types[id] == Control));
            else
                vocabulary.Add(tokens[id], id);
        }

        return new TokenizerDefinition
        {
            Source = file.Path,
            Vocabulary = vocabulary,
            Merges = Merges(file, entries),
            IgnoreMerges = rules.IgnoreMerges,
            Splitter = rules.Splitter,
            Nfc = rules.Nfc,
            Added = added,
            Prefix = metadata.FindBool(Keys + "add_bos_token") ?? rules.Bos ? Id("bos_token_id") : [],
            Suffix = metadata.FindBool(Keys + "add_eos_token") ?? false ? Id("eos_token_id") : [],
        };

        int[] Id(string key) => metadata.FindInteger(Keys + key) switch
        {
            null => [],
            >= 0 and var id when id < tokens.Length => [(int)id],
            var id => throw Wrong(file, key, $"is {id}", $"an id below {tokens.Length}"),
        };
    }

    /// <summary>Checks that a file's tokenizer is of a kind that is supported, without building it.</summary>
    /// <returns>The number of its tokens.</returns>
    public static int Survey(GgufFile file) => Basics(file).Types.Count(type => type != Unused);

    /// <summary>The value of <c>pre</c> that means the rules of a tokenizer.</summary>
    /// <exception cref="CapvecException">There is none.</exception>
    public static string NameOf(TokenizerDefinition definition) =>
        Known.FirstOrDefault(pair => pair.Value.Splitter == definition.Splitter && pair.Value.Nfc == definition.Nfc && pair.Value.IgnoreMerges == definition.IgnoreMerges).Key
            ?? throw new CapvecException($"{definition.Source}: its rules of splitting and merging have no name in GGUF (known: {string.Join(", ", Known.Keys)}); the model cannot be written as GGUF.");

    private static (Rules Rules, string[] Tokens, long[] Types) Basics(GgufFile file)
    {
        var metadata = file.Metadata;
        if (metadata.FindString(Keys + "model") is null or None or "no_vocab")
            throw new CapvecException($"{file.Path} holds no tokenizer: it can be run on token ids (capvec forward --ids), not on text; convert the model again from a folder with tokenizer.json.");
        if (metadata.GetString(Keys + "model") is not "gpt2" and var model)
            throw Unsupported(file, "model", model, "gpt2, which is byte-level BPE");
        var pre = metadata.FindString(Keys + "pre") ?? "gpt-2";
        if (!Known.TryGetValue(pre, out var rules))
            throw Unsupported(file, "pre", pre, string.Join(", ", Known.Keys));
        var tokens = metadata.FindStrings(Keys + "tokens") ?? throw Wrong(file, "tokens", "is missing", "a text for each id");
        var types = metadata.FindIntegers(Keys + "token_type") ?? [.. tokens.Select(_ => 1L)];
        if (types.Length != tokens.Length)
            throw Wrong(file, "token_type", $"has {types.Length} entries", $"one for each of the {tokens.Length} tokens");
        return (rules, tokens, types);
    }

    private static MergeTable Merges(GgufFile file, Dictionary<string, int> entries)
    {
        var lines = file.Metadata.FindStrings(Keys + "merges") ?? throw Wrong(file, "merges", "is missing", "a list of merges");
        var merges = new MergeTable(lines.Length);
        for (var rank = 0; rank < lines.Length; rank++)
        {
            var line = lines[rank];
            var space = line.IndexOf(' ');
            if (space < 0 || !entries.TryGetValue(line[..space], out var left) || !entries.TryGetValue(line[(space + 1)..], out var right)
                || !entries.TryGetValue(line.Remove(space, 1), out var merged))
                throw Wrong(file, "merges", $"has \"{line}\" at {rank}", "two tokens with a space between them that make a third one");
            merges.Add(left, right, rank, merged);
        }

        return merges;
    }

    private static CapvecException Unsupported(GgufFile file, string key, string value, string supported) =>
        new($"{file.Path}: {Keys}{key} \"{value}\" is not supported (supported: {supported}); use another model, or the model's Hugging Face folder.");

    private static CapvecException Wrong(GgufFile file, string key, string what, string expected) =>
        new($"{file.Path}: {Keys}{key} {what}; expected {expected}. The file is damaged: convert or download it again.");

    private sealed record Rules(PieceSplitter Splitter, bool Nfc = false, bool IgnoreMerges = false, bool Bos = false);
}
