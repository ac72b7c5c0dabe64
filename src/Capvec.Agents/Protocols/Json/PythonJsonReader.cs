using System.Globalization;
using System.Numerics;
using System.Text;

namespace Capvec.Agents.Protocols.Json;

/// <summary>
/// Reads one JSON value with the rules of Python 3.11's <c>json</c> module, which the agents of this field are read with: NaN and
/// Infinity are numbers, a later key replaces an earlier one, a surrogate may stand alone, control characters in strings are refused,
/// and what follows the value is not looked at. System.Text.Json differs in each of these.
/// Values are null, bool, <see cref="BigInteger"/>, double, string, List&lt;object?&gt; and Dictionary&lt;string, object?&gt;.
/// </summary>
internal ref struct PythonJsonReader
{
    /// <summary>Python's limit on the digits of an integer that it reads.</summary>
    public const int MostDigits = 4300;

    /// <summary>Deeper values are invalid. Python fails with a RecursionError somewhere above 900, depending on its caller.</summary>
    public const int MostDepth = 990;

    private readonly ReadOnlySpan<char> _text;
    private int _at;
    private int _depth;

    /// <summary>A reader of a text that begins with the value.</summary>
    public PythonJsonReader(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Python's text for an integer that is too long, else null.</summary>
    public string? IntegerError { get; private set; }

    /// <summary>Reads the value at the start of the text.</summary>
    /// <returns>Whether it is valid.</returns>
    public bool TryRead(out object? value)
    {
        value = null;
        if (_at >= _text.Length)
            return false;
        switch (_text[_at])
        {
            case '"':
                _at++;
                return TryReadString(out value);
            case '{':
                return TryReadNested(isObject: true, out value);
            case '[':
                return TryReadNested(isObject: false, out value);
            case 'n':
                return Take("null");
            case 't':
                value = true;
                return Take("true");
            case 'f':
                value = false;
                return Take("false");
            case 'N':
                value = double.NaN;
                return Take("NaN");
            case 'I':
                value = double.PositiveInfinity;
                return Take("Infinity");
            case '-' when Take("-Infinity"):
                value = double.NegativeInfinity;
                return true;
            default:
                return TryReadNumber(out value);
        }
    }

    private bool TryReadNested(bool isObject, out object? value)
    {
        value = null;
        if (++_depth > MostDepth)
            return false;
        _at++;
        var read = isObject ? TryReadObject(out value) : TryReadArray(out value);
        _depth--;
        return read;
    }

    private bool TryReadObject(out object? value)
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        value = members;
        SkipSpace();
        if (Take("}"))
            return true;
        while (true)
        {
            if (!Take("\"") || !TryReadString(out var key))
                return false;
            SkipSpace();
            if (!Take(":"))
                return false;
            SkipSpace();
            if (!TryRead(out var member))
                return false;
            members[(string)key!] = member;
            SkipSpace();
            if (Take("}"))
                return true;
            if (!Take(","))
                return false;
            SkipSpace();
        }
    }

    private bool TryReadArray(out object? value)
    {
        var items = new List<object?>();
        value = items;
        SkipSpace();
        if (Take("]"))
            return true;
        while (true)
        {
            if (!TryRead(out var item))
                return false;
            items.Add(item);
            SkipSpace();
            if (Take("]"))
                return true;
            if (!Take(","))
                return false;
            SkipSpace();
        }
    }

    /// <summary>Reads from after the opening quote to after the closing one.</summary>
    private bool TryReadString(out object? value)
    {
        value = null;
        var result = new StringBuilder();
        while (_at < _text.Length)
        {
            var c = _text[_at++];
            if (c == '"')
            {
                value = result.ToString();
                return true;
            }

            if (c < ' ')
                return false;
            if (c != '\\')
            {
                result.Append(c);
                continue;
            }

            if (_at >= _text.Length || !TryReadEscape(out c))
                return false;
            result.Append(c);
        }

        return false;
    }

    private bool TryReadEscape(out char c)
    {
        c = _text[_at++];
        switch (c)
        {
            case '"' or '\\' or '/':
                return true;
            case 'b':
                c = '\b';
                return true;
            case 'f':
                c = '\f';
                return true;
            case 'n':
                c = '\n';
                return true;
            case 'r':
                c = '\r';
                return true;
            case 't':
                c = '\t';
                return true;
            case 'u' when _at + 4 <= _text.Length && ushort.TryParse(_text.Slice(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                _at += 4;
                c = (char)unit;
                return true;
            default:
                return false;
        }
    }

    private bool TryReadNumber(out object? value)
    {
        value = null;
        var start = _at;
        var at = _at + (_text[_at] == '-' ? 1 : 0);
        var digits = at;
        if (at >= _text.Length || !char.IsAsciiDigit(_text[at]))
            return false;
        at = _text[at] == '0' ? at + 1 : AfterDigits(at);
        var lastDigit = at;
        if (at + 1 < _text.Length && _text[at] == '.' && char.IsAsciiDigit(_text[at + 1]))
            at = AfterDigits(at + 1);
        if (at < _text.Length && _text[at] is 'e' or 'E')
        {
            var exponent = at + 1 < _text.Length && _text[at + 1] is '+' or '-' ? at + 2 : at + 1;
            if (AfterDigits(exponent) is var after && after > exponent)
                at = after;
        }

        _at = at;
        var number = _text[start..at];
        if (at > lastDigit)
        {
            value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
            return true;
        }

        if (lastDigit - digits > MostDigits)
        {
            IntegerError = string.Create(CultureInfo.InvariantCulture,
                $"Exceeds the limit ({MostDigits} digits) for integer string conversion: value has {lastDigit - digits} digits; use sys.set_int_max_str_digits() to increase the limit");
            return false;
        }

        value = BigInteger.Parse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return true;
    }

    private readonly int AfterDigits(int at)
    {
        while (at < _text.Length && char.IsAsciiDigit(_text[at]))
            at++;
        return at;
    }

    private bool Take(string what)
    {
        if (!_text[_at..].StartsWith(what, StringComparison.Ordinal))
            return false;
        _at += what.Length;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
            _at++;
    }
}
