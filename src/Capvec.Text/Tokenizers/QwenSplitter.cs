namespace Capvec.Text.Tokenizers;

/// <summary>
/// The expression of the Qwen and Llama-3 families:
/// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?W+|\p{N}{1,k}| ?[^\s W \p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+</c>
/// where W is <c>[\p{L}\p{M}]</c> in Qwen3.5 and <c>\p{L}</c> in the others, and k is 1 in Qwen and 3 in Llama-3.
/// </summary>
internal sealed class QwenSplitter(bool marksInWords, int maxDigits) : PieceSplitter
{
    private readonly RuneClass _word = marksInWords ? RuneClass.Letter | RuneClass.Mark : RuneClass.Letter;

    public override int EndOfPiece(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && ContractionLength(text[(start + 1)..]) is var contraction and > 0)
            return start + 1 + contraction;

        var kind = RuneClasses.At(text, start, out var length);
        var next = start + length;

        // A word, with at most one character of another kind before it.
        if ((kind & _word) != 0 || (kind != RuneClass.Number && first is not ('\r' or '\n') && (RuneClasses.At(text, next, out _) & _word) != 0))
            return SkipAll(text, next, _word);

        if (kind == RuneClass.Number)
        {
            for (var taken = 1; taken < maxDigits && RuneClasses.At(text, next, out length) == RuneClass.Number; taken++)
                next += length;
            return next;
        }

        // Punctuation, with at most one space before it and the line breaks behind it.
        var symbols = first == ' ' ? next : start;
        var end = SkipNone(text, symbols, RuneClass.Space | RuneClass.Number | _word);
        if (end > symbols)
        {
            while (end < text.Length && text[end] is '\r' or '\n')
                end++;
            return end;
        }

        return EndOfSpace(text, start);
    }

    // \s*[\r\n]+ takes the run up to its last line break; without one, \s+(?!\S) leaves the last character to the word that follows.
    private static int EndOfSpace(ReadOnlySpan<char> text, int start)
    {
        var end = SkipAll(text, start, RuneClass.Space);
        var lastBreak = text[start..end].LastIndexOfAny('\r', '\n');
        if (lastBreak >= 0)
            return start + lastBreak + 1;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    // U+017F, the long s, folds to s.
    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.Length == 0)
            return 0;
        var second = text.Length > 1 ? (char)(text[1] | 0x20) : '\0';
        return (char)(text[0] | 0x20) switch
        {
            _ when text[0] == '\u017F' => 1,
            's' or 't' or 'm' or 'd' => 1,
            'r' or 'v' when second == 'e' => 2,
            'l' when second == 'l' => 2,
            _ => 0,
        };
    }
}
