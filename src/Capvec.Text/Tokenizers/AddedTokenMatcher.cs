using System.Buffers;
using System.Globalization;
using System.Text;

namespace Capvec.Text.Tokenizers;

/// <summary>Finds added tokens in text: the leftmost match, and of those the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Node _root = new();
    private readonly SearchValues<char> _firstCharacters;

    /// <summary>Builds the tree of all tokens.</summary>
    /// <param name="tokens">The tokens and the text under which each is looked for.</param>
    public AddedTokenMatcher(IEnumerable<(AddedToken Token, string Text)> tokens)
    {
        foreach (var (token, text) in tokens)
        {
            // An empty token would match everywhere.
            if (text.Length == 0)
                continue;
            var node = _root;
            foreach (var character in text)
            {
                if (!node.Children.TryGetValue(character, out var child))
                    node.Children.Add(character, child = new Node());
                node = child;
            }

            node.Token = token;
        }

        _firstCharacters = SearchValues.Create([.. _root.Children.Keys]);
    }

    /// <summary>The next added token at or after <paramref name="from"/>.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="from">Where the part begins that no earlier token has taken.</param>
    /// <param name="start">Where the token begins, white space that it swallows included.</param>
    /// <param name="end">Where it ends.</param>
    /// <returns>The token, or null where there is none.</returns>
    public AddedToken? Find(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        for (var at = from; at < text.Length;)
        {
            var offset = text[at..].IndexOfAny(_firstCharacters);
            if (offset < 0)
                break;
            at += offset;
            if (LongestAt(text, at, out var length) is not { } token)
            {
                at++;
                continue;
            }

            (start, end) = (at, at + length);
            if (token.SingleWord && (EndsWithWord(text[..start]) || StartsWithWord(text[end..])))
            {
                at = end;
                continue;
            }

            if (token.StripLeft)
                start = Math.Max(from, text[..start].TrimEnd().Length);
            if (token.StripRight)
                end = text.Length - text[end..].TrimStart().Length;
            return token;
        }

        (start, end) = (text.Length, text.Length);
        return null;
    }

    private AddedToken? LongestAt(ReadOnlySpan<char> text, int at, out int length)
    {
        AddedToken? found = null;
        length = 0;
        var node = _root;
        for (var i = at; i < text.Length && node.Children.TryGetValue(text[i], out node); i++)
        {
            if (node.Token is not null)
                (found, length) = (node.Token, i + 1 - at);
        }

        return found;
    }

    private static bool EndsWithWord(ReadOnlySpan<char> text) => Rune.DecodeLastFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    private static bool StartsWithWord(ReadOnlySpan<char> text) => Rune.DecodeFromUtf16(text, out var rune, out _) == OperationStatus.Done && IsWord(rune);

    // What \w matches: letters, marks, decimal digits, connecting punctuation and the two joiners.
    private static bool IsWord(Rune rune) =>
        Rune.IsLetter(rune) || rune.Value is 0x200C or 0x200D || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark
            or UnicodeCategory.EnclosingMark or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation;

    private sealed class Node
    {
        public Dictionary<char, Node> Children { get; } = [];

        public AddedToken? Token { get; set; }
    }
}
