using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;

namespace Capvec.Text.Tokenizers;

/// <summary>Writes the tokenizer and chat template that a GGUF file carries as the files of a Hugging Face folder: what <see cref="GgufTokenizerWriter"/> does, the other way round.</summary>
public static class FolderTokenizerWriter
{
    private const string Keys = "tokenizer.ggml.";
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Whether a GGUF file carries a tokenizer.</summary>
    public static bool HasTokenizer(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Metadata.Values.ContainsKey(Keys + "tokens");
    }

    /// <summary>Writes tokenizer.json, tokenizer_config.json and, where the file has a template, chat_template.jinja.</summary>
    /// <param name="file">A GGUF file with a tokenizer.</param>
    /// <param name="folder">A folder that exists.</param>
    /// <exception cref="CapvecException">The tokenizer is of a kind that is not supported, or the folder cannot be written.</exception>
    public static void Write(GgufFile file, string folder)
    {
        ArgumentNullException.ThrowIfNull(file);
        var definition = GgufTokenizerReader.Read(file);
        var texts = file.Metadata.FindStrings(Keys + "tokens")!;
        AtomicFile.WriteText(Path.Combine(folder, "tokenizer.json"), Tokenizer(definition, texts).ToJsonString(Json));

        var config = new JsonObject { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false };
        foreach (var (name, key) in new[] { ("bos_token", "bos"), ("eos_token", "eos"), ("unk_token", "unknown"), ("pad_token", "padding") })
        {
            if (file.Metadata.FindInteger($"{Keys}{key}_token_id") is >= 0 and var id && id < texts.Length)
                config[name] = texts[id];
        }

        AtomicFile.WriteText(Path.Combine(folder, "tokenizer_config.json"), config.ToJsonString(Json));
        if (file.Metadata.FindString("tokenizer.chat_template") is { } template)
            AtomicFile.WriteText(Path.Combine(folder, "chat_template.jinja"), template);
    }

    private static JsonObject Tokenizer(TokenizerDefinition definition, string[] texts) => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. definition.Added.OrderBy(token => token.Id).Select(token => new JsonObject
        {
            ["id"] = token.Id,
            ["content"] = token.Content,
            ["single_word"] = token.SingleWord,
            ["lstrip"] = token.StripLeft,
            ["rstrip"] = token.StripRight,
            ["normalized"] = token.Normalized,
            ["special"] = token.Special,
        })]),
        ["normalizer"] = definition.Nfc ? new JsonObject { ["type"] = "NFC" } : null,
        ["pre_tokenizer"] = TokenizerReader.PreTokenizer(definition.Splitter),
        ["post_processor"] = PostProcessor(definition, texts),
        ["decoder"] = TokenizerReader.ByteLevel(usesGpt2: false),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = definition.IgnoreMerges,
            ["vocab"] = Vocabulary(definition, texts),
            ["merges"] = new JsonArray([.. definition.Merges.InOrder().Select(pair => new JsonArray(texts[pair.Left], texts[pair.Right]))]),
        },
    };

    // Readers number added tokens from the end of the vocabulary on, so those with lower ids have to stand in it; and whatever a merge makes.
    private static JsonObject Vocabulary(TokenizerDefinition definition, string[] texts)
    {
        var end = definition.Vocabulary.Values.DefaultIfEmpty(-1).Max();
        var merged = definition.Merges.InOrder().SelectMany(pair => new[] { pair.Left, pair.Right }).Concat(definition.Merges.Results);
        var added = definition.Added.Select(token => token.Id).Where(id => id < end).Concat(merged.Where(id => !definition.Vocabulary.ContainsKey(texts[id])));
        return new JsonObject(definition.Vocabulary.Select(entry => (entry.Key, Id: entry.Value)).Concat(added.Distinct().Select(id => (Key: texts[id], Id: id)))
            .OrderBy(entry => entry.Id).Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Id)));
    }

    private static JsonObject PostProcessor(TokenizerDefinition definition, string[] texts)
    {
        var ids = definition.Prefix.Concat(definition.Suffix).ToList();
        if (ids.Count == 0)
            return TokenizerReader.ByteLevel(usesGpt2: false);
        JsonObject Special(int id) => new() { ["SpecialToken"] = new JsonObject { ["id"] = texts[id], ["type_id"] = 0 } };
        JsonObject Sequence(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray([.. definition.Prefix.Select(Special), Sequence("A", 0), .. definition.Suffix.Select(Special)]),
            ["pair"] = new JsonArray([.. definition.Prefix.Select(Special), Sequence("A", 0), .. definition.Prefix.Select(Special), Sequence("B", 1), .. definition.Suffix.Select(Special)]),
            ["special_tokens"] = new JsonObject(ids.Distinct().Select(id => KeyValuePair.Create(texts[id], (JsonNode?)new JsonObject
            {
                ["id"] = texts[id],
                ["ids"] = new JsonArray(id),
                ["tokens"] = new JsonArray(texts[id]),
            }))),
        };
    }
}
