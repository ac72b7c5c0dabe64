using System.Globalization;
using System.Text;

namespace Capvec.Agents.Tasks.Toml;

/// <summary>The four kinds of strings: "basic", 'literal', and both over several lines.</summary>
internal sealed class TomlStringReader(TomlScanner scanner)
{
    /// <summary>A string value of any kind.</summary>
    public string Read()
    {
        if (scanner.Sees("\"\"\""))
            return ReadLong('"');
        if (scanner.Sees("'''"))
            return ReadLong('\'');
        return scanner.Peek == '"' ? ReadBasic() : ReadLiteral();
    }

    /// <summary>"…" on one line, with escapes.</summary>
    public string ReadBasic()
    {
        var line = scanner.Line;
        var text = new StringBuilder();
        scanner.Take('"', "a string");
        while (!scanner.TryTake('"'))
        {
            CheckCharacter(line, '"', many: false);
            if (scanner.TryTake('\\'))
                ReadEscape(text);
            else
                text.Append(scanner.Next());
        }

        return text.ToString();
    }

    /// <summary>'…' on one line, as it stands.</summary>
    public string ReadLiteral()
    {
        var line = scanner.Line;
        var text = new StringBuilder();
        scanner.Take('\'', "a string");
        while (!scanner.TryTake('\''))
        {
            CheckCharacter(line, '\'', many: false);
            text.Append(scanner.Next());
        }

        return text.ToString();
    }

    /// <summary>"""…""" or '''…''': a line end right after the opening is left out, and up to two quotes may stand before the closing.</summary>
    private string ReadLong(char quote)
    {
        var line = scanner.Line;
        var text = new StringBuilder();
        var end = new string(quote, 3);
        scanner.Skip(3);
        scanner.TryTakeLineEnd();
        while (!scanner.Sees(end))
        {
            CheckCharacter(line, quote, many: true);
            if (scanner.TryTakeLineEnd())
                text.Append('\n');
            else if (quote == '"' && scanner.TryTake('\\'))
                ReadLongEscape(text);
            else
                text.Append(scanner.Next());
        }

        scanner.Skip(3);
        for (var i = 0; i < 2 && scanner.TryTake(quote); i++)
            text.Append(quote);
        return text.ToString();
    }

    private void ReadLongEscape(StringBuilder text)
    {
        var ahead = 0;
        while (scanner.PeekAt(ahead) is ' ' or '\t')
            ahead++;
        if (scanner.PeekAt(ahead) is not '\n' && !(scanner.PeekAt(ahead) == '\r' && scanner.PeekAt(ahead + 1) == '\n'))
        {
            ReadEscape(text);
            return;
        }

        // A backslash at the end of a line joins it with the next text.
        scanner.SkipSpaces();
        while (scanner.TryTakeLineEnd())
            scanner.SkipSpaces();
    }

    private void ReadEscape(StringBuilder text)
    {
        if (scanner.AtEnd)
            throw scanner.Unexpected("an escape after '\\'");
        var c = scanner.Peek;
        var plain = c switch { 'b' => '\b', 't' => '\t', 'n' => '\n', 'f' => '\f', 'r' => '\r', '"' => '"', '\\' => '\\', _ => '\0' };
        if (plain == '\0' && c is not ('u' or 'U'))
            throw scanner.Unexpected("one of b t n f r \" \\ u U after '\\' (in 'single quotes' a backslash stands for itself)");
        scanner.Next();
        if (plain != '\0')
            text.Append(plain);
        else
            ReadUnicode(text, c == 'u' ? 4 : 8);
    }

    private void ReadUnicode(StringBuilder text, int digits)
    {
        var line = scanner.Line;
        var hex = new StringBuilder();
        while (hex.Length < digits && char.IsAsciiHexDigit(scanner.Peek))
            hex.Append(scanner.Next());
        if (hex.Length == digits
            && uint.TryParse(hex.ToString(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            && Rune.TryCreate(code, out var rune))
            text.Append(rune.ToString());
        else
            throw scanner.Error(line, $"'{hex}' is no character; expected {(digits == 4 ? "\\u and 4" : "\\U and 8")} hexadecimal digits of a Unicode character");
    }

    private void CheckCharacter(int startLine, char quote, bool many)
    {
        if (scanner.AtEnd)
            throw scanner.Error(startLine, $"the string that begins here is never closed; expected {(many ? new string(quote, 3) : quote)}");
        var c = scanner.Peek;
        var lineEnd = c == '\n' || (c == '\r' && scanner.PeekAt(1) == '\n');
        if (lineEnd && !many)
            throw scanner.Error(startLine, $"the string is not closed on its line; expected {quote}, or use {new string(quote, 3)} for text over several lines");
        if (!lineEnd && (c is (< ' ' and not '\t') or '\x7f'))
            throw scanner.Unexpected("text without control characters (write them as escapes)");
    }
}
