using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// Byte-level BPE from a tokenizer.json or a GGUF file: text is cut at added tokens, each segment between them is normalised and split into pieces, and
/// the bytes of each piece are merged by rank. Thread-safe.
/// </summary>
public sealed class Tokenizer
{
    private const int MostBytesOnStack = 256;

    private readonly TokenizerDefinition _definition;
    private readonly AddedTokenMatcher _rawTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly AddedToken?[] _added;
    private readonly byte[]?[] _bytes;
    private readonly int[] _byteIds = new int[256];
    private readonly PieceCache _pieces = new();

    internal Tokenizer(TokenizerDefinition definition)
    {
        _definition = definition;
        if (definition.Nfc)
            UnicodeText.RequireNormalization(definition.Source);
        _rawTokens = new AddedTokenMatcher(definition.Added.Where(token => !token.Normalized).Select(token => (token, UnicodeText.WellFormed(token.Content))));
        _normalizedTokens = new AddedTokenMatcher(definition.Added.Where(token => token.Normalized).Select(token => (token, Normalize(UnicodeText.WellFormed(token.Content)).ToString())));

        var ids = definition.Vocabulary.Values.Concat(definition.Added.Select(token => token.Id)).DefaultIfEmpty(-1).Max() + 1;
        _added = new AddedToken?[ids];
        _bytes = new byte[ids][];
        foreach (var (entry, id) in definition.Vocabulary)
            _bytes[id] = ByteAlphabet.Decode(entry);
        foreach (var token in definition.Added)
        {
            _bytes[token.Id] = Encoding.UTF8.GetBytes(token.Content);
            _added[token.Id] = token;
        }

        for (var value = 0; value < 256; value++)
            _byteIds[value] = definition.Vocabulary.TryGetValue(ByteAlphabet.CharacterOf((byte)value).ToString(), out var id) ? id : -1;
        Count = _bytes.Count(bytes => bytes is not null);
    }

    /// <summary>Number of ids known (vocabulary and added tokens). The model's embedding may have more rows: those are padding.</summary>
    public int Count { get; }

    /// <summary>The added tokens, in the order of their ids.</summary>
    public IEnumerable<AddedToken> AddedTokens => _added.OfType<AddedToken>();

    /// <summary>Ids that the model was trained to see before plain text (a BOS), which <see cref="Encode"/> never adds; a chat template writes its own.</summary>
    public IReadOnlyList<int> Prefix => _definition.Prefix;

    /// <summary>Ids that the model was trained to see behind plain text; <see cref="Encode"/> never adds them.</summary>
    public IReadOnlyList<int> Suffix => _definition.Suffix;

    /// <summary>Loads a model's tokenizer: tokenizer.json (and the added tokens of tokenizer_config.json, where present) of a folder, or that inside a GGUF file.</summary>
    /// <param name="path">A model folder or a .gguf file.</param>
    /// <exception cref="CapvecException">The file is missing or broken, or asks for something that is not supported (named in the message).</exception>
    public static Tokenizer Load(string path)
    {
        if (!GgufFile.IsNamed(path))
            return new Tokenizer(TokenizerReader.Read(path));
        using var file = GgufFile.Open(path);
        return new Tokenizer(GgufTokenizerReader.Read(file));
    }

    /// <summary>Checks that a model's tokenizer is of a kind that can be used, without building it, which takes a second for the largest.</summary>
    /// <param name="path">A model folder or a .gguf file.</param>
    /// <returns>What <see cref="Count"/> will be.</returns>
    /// <exception cref="CapvecException">The file is missing or broken, or asks for something that is not supported (named in the message).</exception>
    public static int Survey(string path)
    {
        if (!GgufFile.IsNamed(path))
            return TokenizerReader.Survey(path);
        using var file = GgufFile.Open(path);
        return GgufTokenizerReader.Survey(file);
    }

    /// <summary>
    /// Text to ids; added tokens inside the text become their ids unless <paramref name="parseAdded"/> is false, as it should be for text
    /// that is not to be trusted. Nothing is put in front or behind. A half of a surrogate pair counts as U+FFFD.
    /// </summary>
    public int[] Encode(string text, bool parseAdded = true)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>((text.Length / 3) + 4);
        var whole = UnicodeText.WellFormed(text).AsSpan();
        if (!parseAdded)
        {
            EncodeSegment(Normalize(whole), ids);
            return [.. ids];
        }

        for (var from = 0; from < whole.Length;)
        {
            var token = _rawTokens.Find(whole, from, out var start, out var end);
            EncodeNormalized(Normalize(whole[from..start]), ids);
            if (token is not null)
                ids.Add(token.Id);
            from = end;
        }

        return [.. ids];
    }

    /// <summary>Ids to text; invalid UTF-8 becomes U+FFFD, ids that are not known become nothing.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="skipSpecial">Whether special tokens (markers of turns, not <c>&lt;think&gt;</c> and its like) are left out.</param>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecial = false)
    {
        var bytes = new ArrayBufferWriter<byte>((ids.Length * 4) + 1);
        foreach (var id in ids)
            bytes.Write(BytesToDecode(id, skipSpecial));
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    /// <summary>A decoder for one stream of ids that holds back incomplete characters.</summary>
    public StreamingDecoder Stream(bool skipSpecial = false) => new(this, skipSpecial);

    /// <summary>The id of a token by its exact text (<c>" the"</c>, not its spelling in the byte alphabet), or null. Added tokens come first.</summary>
    public int? IdOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        foreach (var added in _definition.Added)
        {
            if (added.Content == token)
                return added.Id;
        }

        return _definition.Vocabulary.TryGetValue(ByteAlphabet.Encode(Encoding.UTF8.GetBytes(token)), out var id) ? id : null;
    }

    /// <summary>Whether the id stands for something; others are padding of the model's embedding and must not be sampled.</summary>
    public bool Knows(int id) => (uint)id < (uint)_bytes.Length && _bytes[id] is not null;

    /// <summary>Whether the id is a special token: one that <c>skipSpecial</c> leaves out.</summary>
    public bool IsSpecial(int id) => (uint)id < (uint)_added.Length && _added[id] is { Special: true };

    /// <summary>The bytes an id stands for: a part of a character, perhaps; nothing for an id that is not known.</summary>
    public ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : default;

    internal ReadOnlySpan<byte> BytesToDecode(int id, bool skipSpecial) => skipSpecial && IsSpecial(id) ? default : BytesOf(id);

    private ReadOnlySpan<char> Normalize(ReadOnlySpan<char> text) => _definition.Nfc ? UnicodeText.ComposeCanonically(text) : text;

    private void EncodeNormalized(ReadOnlySpan<char> text, List<int> ids)
    {
        for (var from = 0; from < text.Length;)
        {
            var token = _normalizedTokens.Find(text, from, out var start, out var end);
            EncodeSegment(text[from..start], ids);
            if (token is not null)
                ids.Add(token.Id);
            from = end;
        }
    }

    private void EncodeSegment(ReadOnlySpan<char> segment, List<int> ids)
    {
        for (var start = 0; start < segment.Length;)
        {
            var end = _definition.Splitter.EndOfPiece(segment, start);
            EncodePiece(segment[start..end], ids);
            start = end;
        }
    }

    private void EncodePiece(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (piece.Length > PieceCache.LongestPiece)
        {
            Merge(piece, ids);
            return;
        }

        if (_pieces.Find(piece, out var slot) is { } known)
        {
            ids.AddRange(known.AsSpan());
            return;
        }

        var from = ids.Count;
        Merge(piece, ids);
        _pieces.Keep(slot, piece, CollectionsMarshal.AsSpan(ids)[from..].ToArray());
    }

    private void Merge(ReadOnlySpan<char> piece, List<int> ids)
    {
        Span<byte> buffer = 3 * piece.Length <= MostBytesOnStack ? stackalloc byte[MostBytesOnStack] : new byte[Encoding.UTF8.GetMaxByteCount(piece.Length)];
        var bytes = buffer[..Encoding.UTF8.GetBytes(piece, buffer)];
        if (_definition.IgnoreMerges && _definition.Vocabulary.TryGetValue(ByteAlphabet.Encode(bytes), out var whole))
        {
            ids.Add(whole);
            return;
        }

        Span<int> symbols = bytes.Length <= MostBytesOnStack ? stackalloc int[MostBytesOnStack] : new int[bytes.Length];
        var count = 0;
        foreach (var value in bytes)
        {
            if (_byteIds[value] is var id and >= 0)
                symbols[count++] = id;
            else if (_definition.Unknown is { } unknown && !(_definition.FuseUnknown && count > 0 && symbols[count - 1] == unknown))
                symbols[count++] = unknown;
        }

        symbols = symbols[..count];
        ids.AddRange((ReadOnlySpan<int>)symbols[.._definition.Merges.Apply(symbols)]);
    }
}
