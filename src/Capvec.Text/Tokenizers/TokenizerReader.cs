using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Text.Json;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// Reads tokenizer.json (the layout of Hugging Face's tokenizers) and the added tokens of tokenizer_config.json. What it does not know it
/// refuses by name: a tokenizer that is nearly right gives a model text it was never trained on.
/// </summary>
internal static class TokenizerReader
{
    // The largest vocabularies have some 300,000 entries; a file that says otherwise must not make us allocate for it.
    private const int LargestId = 8_000_000;

    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Spaces = @"|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly Dictionary<string, PieceSplitter> Expressions = new()
    {
        [Contractions + @"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" + Spaces] = Splitters.Qwen35,
        [Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*" + Spaces] = Splitters.Qwen2,
        [Contractions + @"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + Spaces] = Splitters.Llama3,
        [@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"] = Splitters.Gpt2,
    };

    /// <summary>Reads the tokenizer of a model folder.</summary>
    public static TokenizerDefinition Read(string folder)
    {
        var (root, config) = Files(folder);
        return Read(root, config);
    }

    /// <summary>Reads a tokenizer from the two parsed files.</summary>
    public static TokenizerDefinition Read(JsonField root, JsonField? config = null)
    {
        var model = CheckKind(root);
        var added = ReadAddedTokens(root, config);
        var vocabulary = ReadVocabulary(model["vocab"]);
        var (prefix, suffix) = ReadPostProcessor(root["post_processor"]);
        return new TokenizerDefinition
        {
            Source = root.File,
            Vocabulary = vocabulary,
            Merges = ReadMerges(model["merges"], vocabulary),
            IgnoreMerges = model["ignore_merges"].Bool(missing: false),
            Unknown = ReadUnknown(model["unk_token"], vocabulary),
            FuseUnknown = model["fuse_unk"].Bool(missing: false),
            Splitter = ReadSplitter(root["pre_tokenizer"]),
            Nfc = ReadNormalizer(root["normalizer"]),
            Added = added,
            Prefix = prefix,
            Suffix = suffix,
        };
    }

    /// <summary>Checks that a model folder's tokenizer is of a kind that is supported, without reading its vocabulary.</summary>
    /// <returns>The number of its tokens.</returns>
    public static int Survey(string folder)
    {
        var (root, config) = Files(folder);
        var vocabulary = CheckKind(root)["vocab"];
        if (vocabulary.Kind != JsonValueKind.Object)
            throw vocabulary.Wrong("an object of entries and ids");
        ReadSplitter(root["pre_tokenizer"]);
        ReadNormalizer(root["normalizer"]);
        ReadPostProcessor(root["post_processor"]);
        var tokens = ReadAddedTokens(root, config).Select(token => token.Content).ToHashSet();
        var both = vocabulary.Element.EnumerateObject().Count(entry => tokens.Contains(entry.Name));
        return vocabulary.Element.GetPropertyCount() + tokens.Count - both;
    }

    /// <summary>A pre_tokenizer that <see cref="Read(string)"/> takes for a splitter.</summary>
    public static JsonObject PreTokenizer(PieceSplitter splitter)
    {
        if (splitter == Splitters.Gpt2)
            return ByteLevel(usesGpt2: true);
        JsonObject first = splitter == Splitters.SmolLM2
            ? new() { ["type"] = "Digits", ["individual_digits"] = true }
            : new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Expressions.Single(pair => pair.Value == splitter).Key }, ["behavior"] = "Isolated", ["invert"] = false };
        return new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(first, ByteLevel(usesGpt2: splitter == Splitters.SmolLM2)) };
    }

    /// <summary>The step of a tokenizer.json that maps bytes to the byte-level alphabet and back.</summary>
    /// <param name="usesGpt2">Whether it splits by GPT-2's expression too.</param>
    public static JsonObject ByteLevel(bool usesGpt2) => new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = usesGpt2 };

    private static JsonField CheckKind(JsonField root)
    {
        var model = root["model"];
        var type = model["type"].StringOrNull();
        if (type is not (null or "BPE") || model["merges"].IsMissing)
            throw Unsupported(model["type"], $"model type {type ?? "none"}", "BPE");
        RequireAbsent(model["dropout"], "dropout");
        RequireAbsent(model["continuing_subword_prefix"], "a prefix of continuing parts");
        RequireAbsent(model["end_of_word_suffix"], "a suffix of words");
        if (model["byte_fallback"].Bool(missing: false))
            throw Unsupported(model["byte_fallback"], "SentencePiece-like byte fallback", "byte-level BPE");
        RequireByteLevelDecoder(root["decoder"]);
        return model;
    }

    private static (JsonField Root, JsonField? Config) Files(string folder)
    {
        var path = Path.Combine(folder, "tokenizer.json");
        if (!File.Exists(path))
            throw new CapvecException($"no tokenizer.json in {folder}: a model folder holds one beside its weights; check the path or download the file");
        var configPath = Path.Combine(folder, "tokenizer_config.json");
        return (JsonField.Read(path), File.Exists(configPath) ? JsonField.Read(configPath) : null);
    }

    private static Dictionary<string, int> ReadVocabulary(JsonField field)
    {
        if (field.Kind != JsonValueKind.Object)
            throw field.Wrong("an object of entries and ids");
        var vocabulary = new Dictionary<string, int>();
        foreach (var (entry, id) in field.Properties())
            vocabulary[entry] = Id(id);
        return vocabulary;
    }

    private static MergeTable ReadMerges(JsonField field, Dictionary<string, int> vocabulary)
    {
        if (field.Kind != JsonValueKind.Array)
            throw field.Wrong("a list of merges");
        var merges = new MergeTable(field.Element.GetArrayLength());
        var rank = 0;
        foreach (var item in field.Items())
        {
            var (left, right) = item.Kind == JsonValueKind.String ? Halves(item) : Pair(item);
            merges.Add(Entry(left), Entry(right), rank++, Entry(left + right));

            int Entry(string text) => vocabulary.TryGetValue(text, out var id) ? id
                : throw new CapvecException($"{item.File}: {item.Path} needs the entry \"{JsonField.Shortened(text)}\", which the vocabulary lacks; the file is damaged or was cut");
        }

        return merges;

        static (string, string) Halves(JsonField item)
        {
            var text = item.String();
            var space = text.IndexOf(' ');
            return space > 0 && space == text.LastIndexOf(' ') && space < text.Length - 1 ? (text[..space], text[(space + 1)..])
                : throw item.Wrong("two entries with one space between them");
        }

        static (string, string) Pair(JsonField item)
        {
            var parts = item.Kind == JsonValueKind.Array ? item.Items().ToArray() : [];
            return parts.Length == 2 ? (parts[0].String(), parts[1].String()) : throw item.Wrong("two entries, as one string or as a pair");
        }
    }

    private static int? ReadUnknown(JsonField field, Dictionary<string, int> vocabulary)
    {
        if (field.StringOrNull() is not { } token)
            return null;
        return vocabulary.TryGetValue(token, out var id) ? id : throw field.Wrong("an entry of the vocabulary, or null");
    }

    private static List<AddedToken> ReadAddedTokens(JsonField root, JsonField? config)
    {
        var tokens = new List<AddedToken>();
        var ids = new HashSet<int>();
        var contents = new HashSet<string>();
        foreach (var field in root["added_tokens"].Items())
            AddToken(Id(field["id"]), field);
        foreach (var (id, field) in config?["added_tokens_decoder"].Properties() ?? [])
            AddToken(int.TryParse(id, out var number) && number is >= 0 and <= LargestId ? number : throw field.Wrong("an id as its key"), field);
        return tokens;

        // tokenizer.json comes first and holds; the other file only adds what that one lacks.
        void AddToken(int id, JsonField field)
        {
            var content = field["content"].String();
            if (!ids.Add(id) || !contents.Add(content))
                return;
            tokens.Add(new AddedToken(
                id,
                content,
                field["special"].Bool(missing: false),
                field["normalized"].Bool(missing: false),
                field["single_word"].Bool(missing: false),
                field["lstrip"].Bool(missing: false),
                field["rstrip"].Bool(missing: false)));
        }
    }

    private static bool ReadNormalizer(JsonField field)
    {
        if (field.IsMissing)
            return false;
        return field["type"].String() switch
        {
            "NFC" => true,
            "Sequence" => field["normalizers"].Items().Select(ReadNormalizer).ToArray().Any(nfc => nfc),
            var other => throw Unsupported(field["type"], $"normaliser {other}", "NFC or none"),
        };
    }

    private static PieceSplitter ReadSplitter(JsonField field)
    {
        if (field.IsMissing)
            throw Unsupported(field, "a tokenizer without pre_tokenizer", "one that splits and then maps bytes");
        var steps = field["type"].String() == "Sequence" ? field["pretokenizers"].Items().ToArray() : [field];
        if (steps.Length == 0 || steps[^1]["type"].String() != "ByteLevel")
            throw Unsupported(field, "pre-tokenizer that does not end in ByteLevel", "byte-level BPE");
        var bytes = steps[^1];
        if (bytes["add_prefix_space"].Bool(missing: true))
            throw Unsupported(bytes["add_prefix_space"], "a space put before the text", "false");

        // ByteLevel has GPT-2's expression built in, unless told not to use it.
        var gpt2 = bytes["use_regex"].Bool(missing: true);
        switch (steps.Length)
        {
            case 1 when gpt2:
                return Splitters.Gpt2;
            case 2 when gpt2 && steps[0]["type"].String() == "Digits" && steps[0]["individual_digits"].Bool(missing: false):
                return Splitters.SmolLM2;
            case 2 when !gpt2 && steps[0]["type"].String() == "Split":
                return ReadSplit(steps[0]);
            default:
                var names = string.Join(", ", steps.Select(step => step["type"].String()));
                throw Unsupported(field, $"pre-tokenizer sequence {names}", "Split, ByteLevel; Digits (one by one), ByteLevel; or ByteLevel alone");
        }
    }

    private static PieceSplitter ReadSplit(JsonField field)
    {
        var behavior = field["behavior"].String();
        if (behavior != "Isolated")
            throw Unsupported(field["behavior"], $"Split behaviour {behavior}", "Isolated");
        if (field["invert"].Bool(missing: false))
            throw Unsupported(field["invert"], "an inverted Split", "false");
        var pattern = field["pattern"]["Regex"];
        return Expressions.TryGetValue(pattern.String(), out var splitter) ? splitter
            : throw Unsupported(pattern, $"splitting expression {JsonField.Shortened(pattern.String())}", "that of Qwen3.5, Qwen2, Llama-3 or GPT-2");
    }

    private static (int[] Prefix, int[] Suffix) ReadPostProcessor(JsonField field)
    {
        if (field.IsMissing)
            return ([], []);
        switch (field["type"].String())
        {
            case "ByteLevel":
                return ([], []);
            case "Sequence":
                var parts = field["processors"].Items().Select(ReadPostProcessor).ToArray();
                return ([.. parts.Reverse().SelectMany(part => part.Prefix)], [.. parts.SelectMany(part => part.Suffix)]);
            case "TemplateProcessing":
                return ReadTemplateProcessing(field);
            case var other:
                throw Unsupported(field["type"], $"post-processor {other}", "ByteLevel, TemplateProcessing or none");
        }
    }

    private static (int[] Prefix, int[] Suffix) ReadTemplateProcessing(JsonField field)
    {
        var (before, after, seen) = (new List<int>(), new List<int>(), false);
        foreach (var item in field["single"].Items())
        {
            if (!item["Sequence"].IsMissing)
            {
                seen = true;
                continue;
            }

            var name = item["SpecialToken"]["id"].String();
            foreach (var id in field["special_tokens"][name]["ids"].Items())
                (seen ? after : before).Add(Id(id));
        }

        return ([.. before], [.. after]);
    }

    private static void RequireByteLevelDecoder(JsonField field)
    {
        if (field["type"].StringOrNull() is var type && type != "ByteLevel")
            throw Unsupported(field, $"decoder {type ?? "none"}", "ByteLevel");
    }

    private static void RequireAbsent(JsonField field, string what)
    {
        var empty = field.IsMissing || (field.Kind == JsonValueKind.String && field.String().Length == 0)
            || (field.Kind == JsonValueKind.Number && field.Element.GetDouble() == 0);
        if (!empty)
            throw Unsupported(field, what, "none");
    }

    private static int Id(JsonField field)
    {
        var id = field.Int();
        return id is >= 0 and <= LargestId ? id : throw field.Wrong("an id from 0 to 8000000");
    }

    private static CapvecException Unsupported(JsonField field, string what, string supported) =>
        new($"{field.File}: {field.Path}: {what} is not supported (supported: {supported}); use a model with a byte-level BPE tokenizer");
}
