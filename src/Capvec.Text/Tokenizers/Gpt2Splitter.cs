namespace Capvec.Text.Tokenizers;

/// <summary>
/// GPT-2's expression, <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>; with
/// <paramref name="digitsFirst"/> each <c>\p{N}</c> is cut out as a piece of its own before (SmolLM2), so that a number ends the segment
/// to its left.
/// </summary>
internal sealed class Gpt2Splitter(bool digitsFirst) : PieceSplitter
{
    public override int EndOfPiece(ReadOnlySpan<char> text, int start)
    {
        var first = text[start];
        if (first == '\'' && ContractionLength(text[(start + 1)..]) is var contraction and > 0)
            return start + 1 + contraction;

        var kind = RuneClasses.At(text, start, out var length);
        if (digitsFirst && kind == RuneClass.Number)
            return start + length;

        var body = start;
        if (first == ' ')
        {
            body = start + 1;
            kind = RuneClasses.At(text, body, out _);
        }

        switch (kind)
        {
            case RuneClass.Letter:
                return SkipAll(text, body, RuneClass.Letter);
            case RuneClass.Number when !digitsFirst:
                return SkipAll(text, body, RuneClass.Number);
            case RuneClass.Other or RuneClass.Mark:
                return SkipNone(text, body, RuneClass.Space | RuneClass.Letter | RuneClass.Number);
            default:
                var end = SkipAll(text, start, RuneClass.Space);
                var endsSegment = end == text.Length || (digitsFirst && RuneClasses.At(text, end, out _) == RuneClass.Number);
                return end - start > 1 && !endsSegment ? end - 1 : end;
        }
    }

    private static int ContractionLength(ReadOnlySpan<char> text) =>
        text.Length == 0 ? 0
        : text[0] is 's' or 't' or 'm' or 'd' ? 1
        : text.StartsWith("re") || text.StartsWith("ve") || text.StartsWith("ll") ? 2
        : 0;
}
