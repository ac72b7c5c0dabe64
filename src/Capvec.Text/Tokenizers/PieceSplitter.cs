namespace Capvec.Text.Tokenizers;

/// <summary>
/// Cuts text into the pieces inside which tokens are merged. Each splitter is a published regular expression written out by hand: .NET's
/// own engine works on UTF-16 and would cut letters outside the basic plane in two.
/// </summary>
internal abstract class PieceSplitter
{
    /// <summary>Where the piece ends that begins at <paramref name="start"/>; always behind it.</summary>
    /// <param name="text">A segment of well-formed UTF-16; look-ahead stops at its end.</param>
    /// <param name="start">Before the end of the text.</param>
    public abstract int EndOfPiece(ReadOnlySpan<char> text, int start);

    /// <summary>Behind the run of characters that are in one of the <paramref name="classes"/>.</summary>
    protected static int SkipAll(ReadOnlySpan<char> text, int at, RuneClass classes)
    {
        while ((RuneClasses.At(text, at, out var length) & classes) != 0)
            at += length;
        return at;
    }

    /// <summary>Behind the run of characters that are in none of the <paramref name="classes"/>.</summary>
    protected static int SkipNone(ReadOnlySpan<char> text, int at, RuneClass classes)
    {
        while ((RuneClasses.At(text, at, out var length) & (classes | RuneClass.End)) == 0)
            at += length;
        return at;
    }
}
