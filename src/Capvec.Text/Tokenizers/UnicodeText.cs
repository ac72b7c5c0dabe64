using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Text.Tokenizers;

/// <summary>Bringing text into the form that the tokenizer's rules are made for.</summary>
internal static class UnicodeText
{
    // Below this code point nothing composes and nothing is decomposed by NFC.
    private const char FirstThatNfcCanChange = '\u0300';

    /// <summary>The text with each half of a surrogate pair that stands alone replaced by U+FFFD.</summary>
    public static string WellFormed(string text)
    {
        var first = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        for (var i = first < 0 ? text.Length : first; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else
                return Replaced(text);
        }

        return text;
    }

    /// <summary>Normalisation form C of well-formed text.</summary>
    public static ReadOnlySpan<char> ComposeCanonically(ReadOnlySpan<char> text) =>
        text.IndexOfAnyInRange(FirstThatNfcCanChange, char.MaxValue) < 0 ? text : text.ToString().Normalize(NormalizationForm.FormC);

    /// <summary>Fails where .NET runs without ICU, in which case it silently leaves text as it is.</summary>
    public static void RequireNormalization(string file)
    {
        if ("e\u0301".Normalize(NormalizationForm.FormC) != "\u00e9")
        {
            throw new CapvecException(
                $"{file} wants Unicode normalisation (NFC), which .NET lacks here: install libicu and unset DOTNET_SYSTEM_GLOBALIZATION_INVARIANT");
        }
    }

    private static string Replaced(string text)
    {
        var fixedText = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
            fixedText.Append(rune.ToString());
        return fixedText.ToString();
    }
}
