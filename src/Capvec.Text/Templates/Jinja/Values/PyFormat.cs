using System.Globalization;
using System.Numerics;
using System.Text;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's two ways to put values into text: <c>'%s-%d' % (a, 3)</c> and <c>'{} {name}'.format(...)</c>.</summary>
internal static class PyFormat
{
    /// <summary>The % operator on text: %s %r %d %i %u %f %F %e %x %X %o %c with flags, width and precision.</summary>
    public static string Percent(Evaluation run, string format, object? values)
    {
        var text = new StringBuilder();
        var next = 0;
        var places = values is PyTuple tuple ? tuple.Items : [values];
        var named = values as PyDict;
        for (var at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                text.Append(format[at]);
                continue;
            }

            at++;
            if (at < format.Length && format[at] == '%')
            {
                text.Append('%');
                continue;
            }

            object? value = null;
            var hasValue = false;
            if (at < format.Length && format[at] == '(')
            {
                var close = format.IndexOf(')', at);
                if (close < 0 || named is null || !named.TryGet(format[(at + 1)..close], out value))
                    throw new JinjaException("a format names a key that is not given");
                hasValue = true;
                at = close + 1;
            }

            var flags = TakeWhile(format, ref at, "-+ #0");
            var width = Number(TakeWhile(format, ref at, "0123456789"));
            int? precision = null;
            if (at < format.Length && format[at] == '.')
            {
                at++;
                precision = Number(TakeWhile(format, ref at, "0123456789"));
            }

            if (at >= format.Length)
                throw new JinjaException("a format ends in an incomplete %");
            if (!hasValue)
                value = next < places.Count ? places[next++] : throw new JinjaException("a format has too few values");
            run.Reserve(width);
            text.Append(Padded(Converted(run, format[at], value, precision, flags), width, flags, format[at]));
        }

        // Python lets left-over values pass where they came as something that has keys or places.
        if (values is not (PyDict or PyList or PyRange or Undefined) && next < places.Count)
            throw new JinjaException("a format has too many values");
        return run.Built(text.ToString());
    }

    /// <summary>str.format() with {}, {0} and {name}; conversions and format specifications are refused.</summary>
    public static string Braces(Evaluation run, string format, Arguments arguments)
    {
        var text = new StringBuilder();
        var next = 0;
        for (var at = 0; at < format.Length; at++)
        {
            var character = format[at];
            if (character is '{' or '}' && at + 1 < format.Length && format[at + 1] == character)
            {
                text.Append(character);
                at++;
            }
            else if (character == '{')
            {
                var close = format.IndexOf('}', at);
                var field = close < 0 ? throw new JinjaException("a format has a { that is not closed") : format[(at + 1)..close];
                text.Append(PyPrint.Str(run, Field(field)));
                at = close;
            }
            else
            {
                text.Append(character != '}' ? character : throw new JinjaException("a format has a } that closes nothing"));
            }
        }

        return run.Built(text.ToString());

        object? Field(string field)
        {
            if (field.AsSpan().IndexOfAny(":!.[") >= 0)
                throw new JinjaException($"the format field {{{field}}} is not supported (supported: {{}}, {{0}}, {{name}})");
            if (field.Length == 0 || int.TryParse(field, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                var index = field.Length == 0 ? next++ : int.Parse(field, CultureInfo.InvariantCulture);
                return index < arguments.Positional.Count ? arguments.Positional[index] : throw new JinjaException("a format has too few values");
            }

            var named = arguments.Named.FirstOrDefault(argument => argument.Name == field);
            return named.Name is not null ? named.Value : throw new JinjaException($"a format names {field}, which is not given");
        }
    }

    private static string Converted(Evaluation run, char kind, object? value, int? precision, string flags)
    {
        switch (kind)
        {
            case 's' or 'r':
                var text = kind == 's' ? PyPrint.Str(run, value) : PyPrint.Repr(run, value);
                return precision is { } most ? text[..PyText.CharIndex(text, most)] : text;
            case 'c':
                return value is string { Length: > 0 } character && PyText.Length(character) == 1 ? character
                    : PyTypes.IsInteger(value, out var point) && Rune.IsValid((int)BigInteger.Clamp(point, -1, int.MaxValue)) ? new Rune((int)point).ToString()
                    : throw new JinjaException("%c wants one character");
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o':
                if (!PyTypes.IsInteger(value, out var integer) && !(kind is 'd' or 'i' or 'u' && value is double number && PyTypes.IsInteger(PyMath.Truncated(number), out integer)))
                    throw new JinjaException($"%{kind} wants a number, not a {PyTypes.NameOf(value)}");
                var digits = kind switch { 'x' => Digits(BigInteger.Abs(integer), 16), 'X' => Digits(BigInteger.Abs(integer), 16).ToUpperInvariant(), 'o' => Digits(BigInteger.Abs(integer), 8), _ => BigInteger.Abs(integer).ToString(CultureInfo.InvariantCulture) };
                return Sign(integer.Sign < 0, flags) + digits.PadLeft(precision ?? 0, '0');
            case 'f' or 'F' or 'e' or 'E':
                if (!PyTypes.IsNumber(value, out var real))
                    throw new JinjaException($"%{kind} wants a number, not a {PyTypes.NameOf(value)}");
                if (!double.IsFinite(real))
                    return Sign(real < 0, flags) + PyFloat.Print(Math.Abs(real));
                var places = Math.Min(precision ?? 6, 400);
                var rounded = kind is 'f' or 'F' ? Math.Abs(PyFloat.Round(real, places)) : Math.Abs(real);
                var shape = kind is 'f' or 'F' ? $"F{places}" : $"0.{new string('0', places)}{kind}+00";
                return Sign(double.IsNegative(real), flags) + rounded.ToString(places == 0 ? shape.Replace("0.e", "0e", StringComparison.OrdinalIgnoreCase) : shape, CultureInfo.InvariantCulture);
            default:
                throw new JinjaException($"the format %{kind} is not supported");
        }
    }

    private static string Padded(string text, int width, string flags, char kind)
    {
        var missing = width - PyText.Length(text);
        if (missing <= 0)
            return text;
        if (flags.Contains('-'))
            return text + new string(' ', missing);
        if (!flags.Contains('0') || kind is 's' or 'r' or 'c')
            return new string(' ', missing) + text;
        var sign = text[0] is '-' or '+' or ' ' ? 1 : 0;
        return text[..sign] + new string('0', missing) + text[sign..];
    }

    private static string Sign(bool negative, string flags) => negative ? "-" : flags.Contains('+') ? "+" : flags.Contains(' ') ? " " : "";

    private static string Digits(BigInteger value, int radix)
    {
        if (value.IsZero)
            return "0";
        var digits = new StringBuilder();
        for (; !value.IsZero; value /= radix)
            digits.Insert(0, "0123456789abcdef"[(int)(value % radix)]);
        return digits.ToString();
    }

    private static string TakeWhile(string format, ref int at, string allowed)
    {
        var start = at;
        while (at < format.Length && allowed.Contains(format[at]))
            at++;
        return format[start..at];
    }

    private static int Number(string digits) => digits.Length == 0 ? 0
        : int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= 1_000_000 ? number
        : throw new JinjaException("a format's width is too large");
}
