using System.Globalization;
using System.Text;

namespace Capvec.Text.Tokenizers;

/// <summary>What the splitting expressions can tell apart about a character.</summary>
[Flags]
internal enum RuneClass : byte
{
    /// <summary>None of the below: punctuation, symbols, controls, unassigned.</summary>
    Other = 0,

    /// <summary>\p{L}.</summary>
    Letter = 1,

    /// <summary>\p{M}.</summary>
    Mark = 2,

    /// <summary>\p{N}.</summary>
    Number = 4,

    /// <summary>\s, the property White_Space.</summary>
    Space = 8,

    /// <summary>Behind the last character.</summary>
    End = 128,
}

/// <summary>
/// Looks characters up by their general category. The categories are those of the running .NET (Unicode 16 in .NET 10); the reference
/// libraries carry versions of their own, so only characters added to Unicode in the last years can be split differently.
/// </summary>
internal static class RuneClasses
{
    private static readonly RuneClass[] BasicPlane = MakeBasicPlane();

    /// <summary>The class of the character at a place of well-formed UTF-16, and its length in chars (0 at the end).</summary>
    public static RuneClass At(ReadOnlySpan<char> text, int at, out int length)
    {
        if ((uint)at >= (uint)text.Length)
        {
            length = 0;
            return RuneClass.End;
        }

        var first = text[at];
        if (!char.IsHighSurrogate(first) || at + 1 >= text.Length)
        {
            length = 1;
            return BasicPlane[first];
        }

        length = 2;
        return Classify(Rune.GetUnicodeCategory(new Rune(first, text[at + 1])));
    }

    private static RuneClass[] MakeBasicPlane()
    {
        var classes = new RuneClass[0x10000];
        for (var i = 0; i < classes.Length; i++)
            classes[i] = char.IsWhiteSpace((char)i) ? RuneClass.Space : Classify(CharUnicodeInfo.GetUnicodeCategory((char)i));
        return classes;
    }

    // White space lies in the basic plane, so this tells the rest.
    private static RuneClass Classify(UnicodeCategory category) => category switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter
            or UnicodeCategory.OtherLetter => RuneClass.Letter,
        UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => RuneClass.Mark,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => RuneClass.Number,
        _ => RuneClass.Other,
    };
}
