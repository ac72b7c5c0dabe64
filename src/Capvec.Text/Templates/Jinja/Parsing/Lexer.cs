using System.Text;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Parsing;

/// <summary>
/// Cuts a template into tokens, with transformers' settings: <c>trim_blocks</c> (the line break behind a statement or comment tag is
/// dropped), <c>lstrip_blocks</c> (so is white space from the beginning of its line), and one line break at the very end of the template
/// is dropped. All line breaks count as \n.
/// </summary>
internal sealed class Lexer
{
    private static readonly string[] Operators =
        ["//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"];

    private readonly string _source;
    private readonly List<Token> _tokens = [];
    private int _at;
    private int _line = 1;
    private int _lineCountedTo;

    private Lexer(string source) => _source = source;

    /// <summary>The tokens of a template, the last of kind End.</summary>
    public static List<Token> Tokenize(string source)
    {
        var text = source.Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
        if (text.EndsWith('\n'))
            text = text[..^1];
        var lexer = new Lexer(text);
        lexer.Run();
        return lexer._tokens;
    }

    private void Run()
    {
        while (_at < _source.Length)
        {
            var open = NextTag(_at);
            if (open < 0)
            {
                AddData(_source[_at..]);
                _at = _source.Length;
                break;
            }

            var kind = _source[open + 1];
            var sign = open + 2 < _source.Length && _source[open + 2] is '-' or '+' ? _source[open + 2] : '\0';
            AddData(TextBefore(open, kind, sign));
            _at = open + (sign == '\0' ? 2 : 3);
            switch (kind)
            {
                case '#':
                    SkipComment(open);
                    break;
                case '%' when IsRaw(out var afterRaw):
                    _at = afterRaw;
                    ReadRaw(open);
                    break;
                default:
                    ReadTag(open, block: kind == '%');
                    break;
            }
        }

        _tokens.Add(new Token(TokenKind.End, "", LineAt(_source.Length)));
    }

    private int NextTag(int from)
    {
        for (var at = _source.IndexOf('{', from); at >= 0 && at + 1 < _source.Length; at = _source.IndexOf('{', at + 1))
        {
            if (_source[at + 1] is '{' or '%' or '#')
                return at;
        }

        return -1;
    }

    /// <summary>The text up to a tag, less what the tag strips.</summary>
    private string TextBefore(int open, char kind, char sign)
    {
        var text = _source[_at..open];
        if (sign == '-')
            return PyText.TrimEnd(text);
        if (sign == '+' || kind == '{')
            return text;
        var lineStart = text.LastIndexOf('\n') + 1;
        var startsLine = lineStart > 0 || _at == 0 || _source[_at - 1] == '\n';
        return startsLine && text.AsSpan(lineStart).IndexOfAnyExcept(PyText.WhiteSpace) < 0 ? text[..lineStart] : text;
    }

    private void SkipComment(int open)
    {
        var close = _source.IndexOf("#}", _at, StringComparison.Ordinal);
        if (close < 0)
            throw new JinjaException("a comment {# is never closed by #}", LineAt(open));
        var sign = close > _at ? _source[close - 1] : '\0';
        EndTag(close + 2, sign, trimBreak: true);
    }

    private bool IsRaw(out int after)
    {
        after = SkipSpace(_at);
        if (!IsWord(after, "raw"))
            return false;
        after = SkipSpace(after + 3);
        var strip = after < _source.Length && _source[after] == '-';
        if (strip)
            after++;
        if (!IsAt(after, "%}"))
            return false;
        after += 2;
        if (strip)
            after = SkipSpace(after);
        return true;
    }

    private void ReadRaw(int open)
    {
        for (var begin = _source.IndexOf("{%", _at, StringComparison.Ordinal); begin >= 0; begin = _source.IndexOf("{%", begin + 2, StringComparison.Ordinal))
        {
            var sign = begin + 2 < _source.Length && _source[begin + 2] is '-' or '+' ? _source[begin + 2] : '\0';
            var word = SkipSpace(begin + (sign == '\0' ? 2 : 3));
            if (!IsWord(word, "endraw"))
                continue;
            var close = SkipSpace(word + 6);
            var closeSign = close < _source.Length && _source[close] is '-' or '+' ? _source[close] : '\0';
            if (closeSign != '\0')
                close++;
            if (!IsAt(close, "%}"))
                continue;
            AddData(TextBefore(begin, '%', sign));
            EndTag(close + 2, closeSign, trimBreak: true);
            return;
        }

        throw new JinjaException("{% raw %} is never closed by {% endraw %}", LineAt(open));
    }

    private void ReadTag(int open, bool block)
    {
        _tokens.Add(new Token(block ? TokenKind.BlockBegin : TokenKind.VariableBegin, "", LineAt(open)));
        var close = block ? "%}" : "}}";
        var brackets = new Stack<char>();
        while (true)
        {
            _at = SkipSpace(_at);
            if (_at >= _source.Length)
                throw new JinjaException($"a tag is never closed by {close}", LineAt(open));

            // Inside brackets }} closes two dictionaries and not the tag.
            if (brackets.Count == 0)
            {
                var sign = _source[_at] == '-' || (block && _source[_at] == '+') ? _source[_at] : '\0';
                if (IsAt(_at + (sign == '\0' ? 0 : 1), close))
                {
                    _tokens.Add(new Token(block ? TokenKind.BlockEnd : TokenKind.VariableEnd, "", LineAt(_at)));
                    EndTag(_at + (sign == '\0' ? 2 : 3), sign, trimBreak: block);
                    return;
                }
            }

            ReadToken(brackets);
        }
    }

    private void EndTag(int after, char sign, bool trimBreak)
    {
        _at = after;
        if (sign == '-')
            _at = SkipSpace(_at);
        else if (sign != '+' && trimBreak && IsAt(_at, "\n"))
            _at++;
    }

    private void ReadToken(Stack<char> brackets)
    {
        var start = _at;
        var first = _source[start];
        if (first is '\'' or '"')
        {
            _tokens.Add(new Token(TokenKind.String, ReadString(first), LineAt(start)));
        }
        else if (char.IsAsciiDigit(first))
        {
            ReadNumber();
        }
        else if (first == '_' || char.IsLetter(first))
        {
            while (_at < _source.Length && (_source[_at] == '_' || char.IsLetterOrDigit(_source[_at])))
                _at++;
            _tokens.Add(new Token(TokenKind.Name, _source[start.._at], LineAt(start)));
        }
        else
        {
            ReadOperator(brackets);
        }
    }

    private void ReadOperator(Stack<char> brackets)
    {
        var text = Array.Find(Operators, candidate => IsAt(_at, candidate)) ?? throw new JinjaException($"'{_source[_at]}' has no meaning here", LineAt(_at));
        if (text is "(" or "[" or "{")
            brackets.Push(text[0]);
        else if (text is ")" or "]" or "}" && !(brackets.TryPop(out var opened) && (opened, text) is ('(', ")") or ('[', "]") or ('{', "}")))
            throw new JinjaException($"'{text}' closes nothing", LineAt(_at));
        _tokens.Add(new Token(TokenKind.Operator, text, LineAt(_at)));
        _at += text.Length;
    }

    private void ReadNumber()
    {
        var start = _at;
        if (_source[_at] == '0' && _at + 1 < _source.Length && char.ToLowerInvariant(_source[_at + 1]) is 'x' or 'b' or 'o')
        {
            _at += 2;
            while (_at < _source.Length && (char.IsAsciiHexDigit(_source[_at]) || _source[_at] == '_'))
                _at++;
            _tokens.Add(new Token(TokenKind.Integer, _source[start.._at], LineAt(start)));
            return;
        }

        SkipDigits();
        var isFloat = false;

        // A number after a dot is an index (x.0.1), never a fraction.
        if (start == 0 || _source[start - 1] != '.')
        {
            if (_at + 1 < _source.Length && _source[_at] == '.' && char.IsAsciiDigit(_source[_at + 1]))
            {
                isFloat = true;
                _at++;
                SkipDigits();
            }

            var exponent = _at + 1;
            if (_at < _source.Length && _source[_at] is 'e' or 'E')
            {
                if (exponent < _source.Length && _source[exponent] is '+' or '-')
                    exponent++;
                if (exponent < _source.Length && char.IsAsciiDigit(_source[exponent]))
                {
                    isFloat = true;
                    _at = exponent;
                    SkipDigits();
                }
            }
        }

        _tokens.Add(new Token(isFloat ? TokenKind.Float : TokenKind.Integer, _source[start.._at].Replace("_", "", StringComparison.Ordinal), LineAt(start)));
    }

    private void SkipDigits()
    {
        while (_at < _source.Length && (char.IsAsciiDigit(_source[_at]) || (_source[_at] == '_' && _at + 1 < _source.Length && char.IsAsciiDigit(_source[_at + 1]))))
            _at++;
    }

    private string ReadString(char quote)
    {
        var start = _at++;
        var text = new StringBuilder();
        while (_at < _source.Length)
        {
            var character = _source[_at++];
            if (character == quote)
                return text.ToString();
            if (character == '\\' && _at < _source.Length)
                ReadEscape(text, start);
            else
                text.Append(character);
        }

        throw new JinjaException("a string is never closed", LineAt(start));
    }

    // Python's escapes; an unknown one stays as it is written.
    private void ReadEscape(StringBuilder text, int start)
    {
        var character = _source[_at++];
        const string Simple = "n\nt\tr\r\\\\''\"\"a\ab\bf\fv\v";
        if (character == '\n')
            return;
        if (character is 'x' or 'u' or 'U')
        {
            AppendCodePoint(text, character == 'x' ? 2 : character == 'u' ? 4 : 8, start);
            return;
        }

        if (character is >= '0' and <= '7')
        {
            var value = character - '0';
            for (var digits = 1; digits < 3 && _at < _source.Length && _source[_at] is >= '0' and <= '7'; digits++)
                value = (value * 8) + _source[_at++] - '0';
            text.Append((char)value);
            return;
        }

        for (var i = 0; i < Simple.Length; i += 2)
        {
            if (Simple[i] == character)
            {
                text.Append(Simple[i + 1]);
                return;
            }
        }

        text.Append('\\').Append(character);
    }

    private void AppendCodePoint(StringBuilder text, int digits, int start)
    {
        if (_at + digits > _source.Length || !int.TryParse(_source.AsSpan(_at, digits), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var value) || value is < 0 or > 0x10FFFF)
            throw new JinjaException("a string has a broken \\x, \\u or \\U escape", LineAt(start));
        _at += digits;
        if (value <= 0xFFFF)
            text.Append((char)value);
        else
            text.Append(new Rune(value).ToString());
    }

    private void AddData(string text)
    {
        if (text.Length > 0)
            _tokens.Add(new Token(TokenKind.Data, text, LineAt(_at)));
    }

    private int SkipSpace(int at)
    {
        while (at < _source.Length && PyText.IsWhiteSpace(_source[at]))
            at++;
        return at;
    }

    private bool IsAt(int at, string text) => at <= _source.Length && string.CompareOrdinal(_source, at, text, 0, text.Length) == 0;

    private bool IsWord(int at, string word) => IsAt(at, word) && !(at + word.Length < _source.Length && (char.IsLetterOrDigit(_source[at + word.Length]) || _source[at + word.Length] == '_'));

    // Asked for increasing places only, but for the beginning of a tag that turns out to be broken.
    private int LineAt(int at)
    {
        if (at < _lineCountedTo)
            return _line - _source.AsSpan(at, _lineCountedTo - at).Count('\n');
        _line += _source.AsSpan(_lineCountedTo, at - _lineCountedTo).Count('\n');
        _lineCountedTo = at;
        return _line;
    }
}
