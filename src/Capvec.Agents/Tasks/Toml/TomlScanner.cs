using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tasks.Toml;

/// <summary>A place in a text, and the errors that name it.</summary>
internal sealed class TomlScanner(string text, string file)
{
    private int _at = text.StartsWith('\uFEFF') ? 1 : 0;

    /// <summary>1-based line.</summary>
    public int Line { get; private set; } = 1;

    /// <summary>Whether nothing is left.</summary>
    public bool AtEnd => _at >= text.Length;

    /// <summary>The next character, or NUL at the end.</summary>
    public char Peek => PeekAt(0);

    /// <summary>Whether the character before this place closed a quoted string.</summary>
    public bool LastWasQuote => _at > 0 && text[_at - 1] is '"' or '\'';

    /// <summary>A character further on, or NUL behind the end.</summary>
    public char PeekAt(int ahead) => _at + ahead < text.Length ? text[_at + ahead] : '\0';

    /// <summary>Whether the text goes on like this.</summary>
    public bool Sees(string what) => string.CompareOrdinal(text, _at, what, 0, what.Length) == 0;

    /// <summary>Goes on by one character.</summary>
    public char Next()
    {
        var c = text[_at++];
        if (c == '\n')
            Line++;
        return c;
    }

    /// <summary>Goes on by several characters.</summary>
    public void Skip(int count)
    {
        for (var i = 0; i < count; i++)
            Next();
    }

    /// <summary>Takes a character if it is the next.</summary>
    public bool TryTake(char c)
    {
        if (AtEnd || Peek != c)
            return false;
        Next();
        return true;
    }

    /// <summary>Takes a character that has to be there.</summary>
    public void Take(char c, string expected)
    {
        if (!TryTake(c))
            throw Unexpected(expected);
    }

    /// <summary>The longest run of characters of a kind.</summary>
    public string TakeWhile(Func<char, bool> kind)
    {
        var from = _at;
        while (!AtEnd && kind(Peek))
            Next();
        return text[from.._at];
    }

    /// <summary>Skips spaces and tabs.</summary>
    public void SkipSpaces()
    {
        while (!AtEnd && Peek is ' ' or '\t')
            Next();
    }

    /// <summary>Skips spaces, line ends and comments.</summary>
    public void SkipBlankLines()
    {
        while (true)
        {
            SkipSpaces();
            SkipComment();
            if (!TryTakeLineEnd())
                return;
        }
    }

    /// <summary>Takes the rest of a line on which nothing but a comment may follow.</summary>
    public void ExpectEndOfLine()
    {
        SkipSpaces();
        SkipComment();
        if (!AtEnd && !TryTakeLineEnd())
            throw Unexpected("the end of the line");
    }

    /// <summary>Takes "\n" or "\r\n".</summary>
    public bool TryTakeLineEnd()
    {
        if (!AtEnd && Peek == '\r' && PeekAt(1) == '\n')
            Next();
        return TryTake('\n');
    }

    /// <summary>An error at the next character.</summary>
    public CapvecException Unexpected(string expected) => Error(Line, $"expected {expected}, found {Found()}");

    /// <summary>An error on a line.</summary>
    public CapvecException Error(int line, string what) => new(string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}: {what}."));

    private string Found() => AtEnd ? "the end of the file" : Peek switch
    {
        '\n' or '\r' => "the end of the line",
        < ' ' or '\x7f' => string.Create(CultureInfo.InvariantCulture, $"the control character U+{(int)Peek:X4}"),
        _ => $"'{Peek}'",
    };

    private void SkipComment()
    {
        if (!TryTake('#'))
            return;
        while (!AtEnd && Peek is '\t' or (>= ' ' and not '\x7f'))
            Next();
    }
}
