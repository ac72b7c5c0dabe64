using System.Buffers;
using System.Text;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// Turns a stream of ids into text piece by piece, never giving out half a character: the beginning of one (at most three bytes) is held
/// back until it is complete or cannot become so. Not thread-safe; one for each stream.
/// </summary>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly bool _skipSpecial;
    private readonly byte[] _held = new byte[3];
    private int _heldCount;

    internal StreamingDecoder(Tokenizer tokenizer, bool skipSpecial) => (_tokenizer, _skipSpecial) = (tokenizer, skipSpecial);

    /// <summary>The text that this id completes; may be empty. Malformed bytes become U+FFFD, one for each maximal part.</summary>
    public string Push(int id)
    {
        var added = _tokenizer.BytesToDecode(id, _skipSpecial);
        if (added.IsEmpty)
            return "";
        byte[] bytes = [.. _held.AsSpan(0, _heldCount), .. added];
        var complete = bytes.Length - IncompleteTail(bytes);
        _heldCount = bytes.Length - complete;
        bytes.AsSpan(complete).CopyTo(_held);
        return Encoding.UTF8.GetString(bytes, 0, complete);
    }

    /// <summary>What is left at the end of the stream; incomplete characters become U+FFFD. The decoder can then be used anew.</summary>
    public string Finish()
    {
        var text = Encoding.UTF8.GetString(_held, 0, _heldCount);
        _heldCount = 0;
        return text;
    }

    /// <summary>How many bytes at the end may still become a character with what follows.</summary>
    private static int IncompleteTail(ReadOnlySpan<byte> bytes)
    {
        // An encoded surrogate is never a character; like Python's decoder, wait for its third byte and report all three together.
        if (bytes is [.., 0xED, >= 0xA0 and <= 0xBF])
            return 2;
        for (var length = Math.Min(3, bytes.Length); length > 0; length--)
        {
            if (Rune.DecodeFromUtf8(bytes[^length..], out _, out var consumed) == OperationStatus.NeedMoreData && consumed == length)
                return length;
        }

        return 0;
    }
}
