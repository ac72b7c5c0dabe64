using System.Globalization;

namespace Capvec.Formats.Numpy;

/// <summary>
/// Reads a Python dictionary literal of the few kinds of values that numpy puts into headers: strings without escapes, True and False, and tuples
/// of whole numbers. The caller takes the keys one after the other and reads the value of each before it takes the next.
/// </summary>
/// <param name="text">The literal, perhaps with white space around it.</param>
internal sealed class PythonDictionary(string text)
{
    private int _at;

    /// <summary>The keys in order.</summary>
    /// <exception cref="InvalidDataException">The text is not a dictionary.</exception>
    public IEnumerable<string> Keys()
    {
        Expect('{');
        while (!Accept('}'))
        {
            var key = Text("a key");
            Expect(':');
            yield return key;
            if (!Accept(','))
            {
                Expect('}');
                break;
            }
        }

        SkipSpace();
        if (_at < text.Length)
            throw new InvalidDataException($"its header goes on after the dictionary, at character {_at}");
    }

    /// <summary>A string in single or double quotes.</summary>
    public string Text(string what)
    {
        SkipSpace();
        if (_at >= text.Length || text[_at] is not ('\'' or '"'))
            throw new InvalidDataException($"its header is broken at character {_at}: {what} is not a string");
        var end = text.IndexOf(text[_at], _at + 1);
        if (end < 0 || text.AsSpan(_at, end - _at).Contains('\\'))
            throw new InvalidDataException($"its header is broken at character {_at}: {what} has no end or has escapes");
        var found = text[(_at + 1)..end];
        _at = end + 1;
        return found;
    }

    /// <summary>True or False.</summary>
    public bool Flag(string what)
    {
        SkipSpace();
        foreach (var (word, value) in new[] { ("True", true), ("False", false) })
        {
            if (text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            {
                _at += word.Length;
                return value;
            }
        }

        throw new InvalidDataException($"its header is broken at character {_at}: {what} is neither True nor False");
    }

    /// <summary>A tuple of whole numbers from 0; Python 2's L after a number is skipped.</summary>
    public long[] Sizes(string what, int most)
    {
        Expect('(');
        var sizes = new List<long>();
        while (!Accept(')'))
        {
            SkipSpace();
            var start = _at;
            while (_at < text.Length && char.IsAsciiDigit(text[_at]))
                _at++;
            if (!long.TryParse(text.AsSpan(start, _at - start), NumberStyles.None, CultureInfo.InvariantCulture, out var size) || sizes.Count == most)
                throw new InvalidDataException($"its header is broken at character {start}: {what} is not a tuple of up to {most} whole numbers");
            sizes.Add(size);
            if (_at < text.Length && text[_at] == 'L')
                _at++;
            if (!Accept(','))
            {
                Expect(')');
                break;
            }
        }

        return [.. sizes];
    }

    private void Expect(char wanted)
    {
        if (!Accept(wanted))
            throw new InvalidDataException($"its header is broken at character {_at}: expected '{wanted}'");
    }

    private bool Accept(char wanted)
    {
        SkipSpace();
        if (_at >= text.Length || text[_at] != wanted)
            return false;
        _at++;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && text[_at] is ' ' or '\n' or '\t' or '\r')
            _at++;
    }
}
