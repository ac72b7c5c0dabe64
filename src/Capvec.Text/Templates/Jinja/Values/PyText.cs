using System.Buffers;
using System.Text;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Text as Python sees it: a row of code points, with Python's idea of white space and case.</summary>
internal static class PyText
{
    private static readonly string WhiteSpaceCharacters = string.Concat(Enumerable.Range(0, 0x10000).Select(i => (char)i).Where(IsWhiteSpaceByRule));

    // Characters whose upper case is longer than themselves; .NET maps one to one.
    private static readonly Dictionary<char, string> LongUppers = new()
    {
        ['ß'] = "SS", ['ŉ'] = "ʼN", ['ǰ'] = "J̌", ['և'] = "ԵՒ", ['ẖ'] = "H̱", ['ẗ'] = "T̈", ['ẘ'] = "W̊", ['ẙ'] = "Y̊", ['ẚ'] = "Aʾ", ['ﬀ'] = "FF", ['ﬁ'] = "FI", ['ﬂ'] = "FL", ['ﬃ'] = "FFI", ['ﬄ'] = "FFL", ['ﬅ'] = "ST", ['ﬆ'] = "ST",
    };

    /// <summary>Characters that strip(), split() and the tags' minus signs take away.</summary>
    public static SearchValues<char> WhiteSpace { get; } = SearchValues.Create(WhiteSpaceCharacters);

    /// <summary>The same as text.</summary>
    public static string WhiteSpaceText => WhiteSpaceCharacters;

    /// <summary>Whether Python's isspace() says yes: .NET's white space and the four separators 1C to 1F.</summary>
    public static bool IsWhiteSpace(char character) => WhiteSpace.Contains(character);

    /// <summary>rstrip() of white space.</summary>
    public static string TrimEnd(string text) => text[..(text.AsSpan().LastIndexOfAnyExcept(WhiteSpace) + 1)];

    /// <summary>strip() on the chosen sides; of white space, or of any of the given characters.</summary>
    public static string Trim(string text, string? characters, bool left, bool right)
    {
        var stripped = characters is null ? WhiteSpace : SearchValues.Create(characters);
        var start = left ? text.AsSpan().IndexOfAnyExcept(stripped) : 0;
        if (start < 0)
            return "";
        var end = right ? text.AsSpan().LastIndexOfAnyExcept(stripped) + 1 : text.Length;
        return start < end ? text[start..end] : "";
    }

    /// <summary>Number of code points.</summary>
    public static int Length(string text) => text.Length - PairsIn(text);

    /// <summary>The code points, each as text of its own.</summary>
    public static IEnumerable<string> CodePoints(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (IsPair(text, i))
                yield return text.Substring(i++, 2);
            else
                yield return text[i].ToString();
        }
    }

    /// <summary>The place in chars of a code point's number.</summary>
    public static int CharIndex(string text, int codePoint)
    {
        if (PairsIn(text) == 0)
            return Math.Min(codePoint, text.Length);
        var at = 0;
        for (var i = 0; i < codePoint && at < text.Length; i++)
            at += IsPair(text, at) ? 2 : 1;
        return at;
    }

    /// <summary>The number of the code point that begins at a place in chars.</summary>
    public static int CodePointIndex(string text, int charIndex) => charIndex - PairsIn(text[..charIndex]);

    /// <summary>Order by code points, which in UTF-16 is not the order of chars.</summary>
    public static int Order(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
            return left.Length.CompareTo(right.Length);
        return Rank(left[common]).CompareTo(Rank(right[common]));

        // Surrogates stand for code points above all others.
        static int Rank(char character) => char.IsSurrogate(character) ? character + 0x10000 : character;
    }

    /// <summary>upper(), with the characters that become two.</summary>
    public static string Upper(string text)
    {
        if (!text.Any(LongUppers.ContainsKey))
            return text.ToUpperInvariant();
        var upper = new StringBuilder(text.Length + 4);
        foreach (var rune in text.EnumerateRunes())
            upper.Append(rune.IsBmp && LongUppers.TryGetValue((char)rune.Value, out var longer) ? longer : Rune.ToUpperInvariant(rune).ToString());
        return upper.ToString();
    }

    /// <summary>lower().</summary>
    public static string Lower(string text) => text.ToLowerInvariant();

    /// <summary>islower(): some letter is lower and none is upper.</summary>
    public static bool IsLower(string text) => CodePoints(text).Any(piece => char.IsLower(piece, 0)) && !CodePoints(text).Any(piece => char.IsUpper(piece, 0));

    /// <summary>isupper(): some letter is upper and none is lower.</summary>
    public static bool IsUpper(string text) => CodePoints(text).Any(piece => char.IsUpper(piece, 0)) && !CodePoints(text).Any(piece => char.IsLower(piece, 0));

    /// <summary>capitalize(): the first character upper, the rest lower.</summary>
    public static string Capitalize(string text)
    {
        var first = text.Length > 0 && IsPair(text, 0) ? 2 : Math.Min(1, text.Length);
        return Upper(text[..first]) + Lower(text[first..]);
    }

    /// <summary>title(): each letter that follows no letter upper, the others lower.</summary>
    public static string Title(string text)
    {
        var title = new StringBuilder(text.Length);
        var inWord = false;
        foreach (var piece in CodePoints(text))
        {
            title.Append(inWord ? Lower(piece) : Upper(piece));
            inWord = char.IsLetter(piece, 0);
        }

        return title.ToString();
    }

    /// <summary>splitlines(): cut at all of Python's line ends.</summary>
    public static List<string> Lines(string text, bool keepEnds = false)
    {
        var lines = new List<string>();
        var start = 0;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('\n' or '\r' or '\v' or '\f' or '\x1c' or '\x1d' or '\x1e' or '\u0085' or '\u2028' or '\u2029'))
                continue;
            var end = text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n' ? i + 2 : i + 1;
            lines.Add(text[start..(keepEnds ? end : i)]);
            start = end;
            i = end - 1;
        }

        if (start < text.Length)
            lines.Add(text[start..]);
        return lines;
    }

    private static bool IsPair(string text, int at) => char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);

    private static int PairsIn(string text)
    {
        var pairs = 0;
        for (var at = text.AsSpan().IndexOfAnyInRange('\ud800', '\udbff'); at >= 0 && at < text.Length; at++)
        {
            if (IsPair(text, at))
                pairs++;
        }

        return pairs;
    }

    private static bool IsWhiteSpaceByRule(char character) => char.IsWhiteSpace(character) || character is >= '\x1c' and <= '\x1f';
}
