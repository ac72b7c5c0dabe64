namespace Capvec.Text.Tokenizers;

/// <summary>Byte-level BPE from a tokenizer.json. Thread-safe.</summary>
public sealed class Tokenizer
{
    /// <summary>Number of ids known (vocabulary and added tokens).</summary>
    public int Count => throw new NotImplementedException();

    /// <summary>Loads tokenizer.json (and tokenizer_config.json, where present) from a model folder.</summary>
    public static Tokenizer Load(string folder) => throw new NotImplementedException();

    /// <summary>Text to ids; added tokens inside the text become their ids unless <paramref name="parseAdded"/> is false.</summary>
    public int[] Encode(string text, bool parseAdded = true) => throw new NotImplementedException();

    /// <summary>Ids to text; invalid UTF-8 becomes U+FFFD.</summary>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false) => throw new NotImplementedException();

    /// <summary>A decoder for one stream of ids that holds back incomplete characters.</summary>
    public StreamingDecoder Stream(bool skipSpecial = false) => throw new NotImplementedException();

    /// <summary>The id of a token by its exact text, or null.</summary>
    public int? IdOf(string token) => throw new NotImplementedException();
}
