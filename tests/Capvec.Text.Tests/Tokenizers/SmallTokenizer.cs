using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

/// <summary>A tokenizer of a few entries, whose every rule can be seen.</summary>
internal static class SmallTokenizer
{
    public const string Json = """
        {
          "added_tokens": [],
          "normalizer": {"type": "NFC"},
          "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "behavior": "Isolated", "invert": false, "pattern": {"Regex":
              "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}},
            {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
          "post_processor": null,
          "decoder": {"type": "ByteLevel"},
          "model": {"type": "BPE", "dropout": null, "unk_token": null, "ignore_merges": false,
            "vocab": {"a": 0, "b": 1, "aa": 2, "aab": 3, "x": 4, "Ġ": 5, "1": 6},
            "merges": ["a a"]}
        }
        """;

    /// <summary>The tokenizer with some text in its file replaced.</summary>
    public static Tokenizer With(params (string Old, string New)[] changes)
    {
        using var folder = new TemporaryFolder();
        folder.Write("tokenizer.json", changes.Aggregate(Json, (json, change) => json.Replace(change.Old, change.New, StringComparison.Ordinal)));
        return Tokenizer.Load(folder.Path);
    }

    /// <summary>The tokenizer with these added tokens.</summary>
    public static Tokenizer WithAdded(string tokens) => With(("\"added_tokens\": []", $"\"added_tokens\": {tokens}"));
}
