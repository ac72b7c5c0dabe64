namespace Capvec.Text.Tokenizers;

/// <summary>Turns a stream of ids into text piece by piece, never giving out half a character.</summary>
public sealed class StreamingDecoder
{
    /// <summary>The text that this id completes; may be empty.</summary>
    public string Push(int id) => throw new NotImplementedException();

    /// <summary>What is left at the end of the stream; incomplete characters become U+FFFD.</summary>
    public string Finish() => throw new NotImplementedException();
}
