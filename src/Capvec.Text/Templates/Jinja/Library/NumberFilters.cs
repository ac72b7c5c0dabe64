using System.Globalization;
using System.Numerics;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Filters that make or change numbers, and those that stand in for missing values.</summary>
internal static class NumberFilters
{
    /// <summary>The filters by name.</summary>
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>
    {
        ["abs"] = Abs,
        ["d"] = Default,
        ["default"] = Default,
        ["float"] = Float,
        ["int"] = Int,
        ["round"] = Round,
    };

    private static object? Abs(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        return PyTypes.IsInteger(value, out var integer) ? PyMath.Small(BigInteger.Abs(integer))
            : PyTypes.IsNumber(value, out var number) ? Math.Abs(number)
            : throw NoNumber("abs", value);
    }

    private static object? Default(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("default_value", "boolean");
        return value is Undefined || (bound.Truth(1, missing: false) && !PyTypes.IsTrue(value)) ? bound.Value(0, "") : value;
    }

    private static object? Float(Evaluation run, object? value, Arguments arguments)
    {
        var missing = arguments.Bind("default").Value(0, 0.0);
        return value is Undefined undefined ? throw undefined.Used()
            : PyTypes.IsNumber(value, out var number) ? number
            : value is string text && TryFloat(text, out number) ? number
            : missing;
    }

    private static object? Int(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("default", "base");
        var radix = bound.Int(1, 10);
        switch (value)
        {
            case Undefined undefined:
                throw undefined.Used();
            case double number:
                return double.IsFinite(number) ? PyMath.Truncated(number) : bound.Value(0, 0L);
            case string text when TryInteger(run, text, radix, out var integer):
                return PyMath.Small(integer);
            case string text when TryFloat(text, out var number) && double.IsFinite(number):
                return PyMath.Truncated(number);
            default:
                return PyTypes.IsInteger(value, out var whole) ? PyMath.Small(whole) : bound.Value(0, 0L);
        }
    }

    private static object? Round(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("precision", "method");
        var (digits, method) = (bound.Int(0, 0), bound.Text(1, "common"));
        run.Step(100);
        if (!PyTypes.IsNumber(value, out var number))
            throw NoNumber("round", value);
        if (method is "ceil" or "floor")
        {
            var scale = Math.Pow(10, digits);
            if (!double.IsFinite(number * scale))
                throw new JinjaException("round cannot take so large a number");
            return (method == "ceil" ? Math.Ceiling(number * scale) : Math.Floor(number * scale)) / scale;
        }

        if (method != "common")
            throw new JinjaException("round knows the methods common, ceil and floor");
        return value is double || digits < 0 ? value is double ? PyFloat.Round(number, digits) : PyMath.Truncated(PyFloat.Round(number, digits)) : PyMath.Plus(value);
    }

    private static bool TryFloat(string text, out double number)
    {
        var digits = PyText.Trim(text, null, left: true, right: true).Replace("_", "", StringComparison.Ordinal);
        return double.TryParse(digits, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out number);
    }

    private static bool TryInteger(Evaluation run, string text, int radix, out BigInteger number)
    {
        number = BigInteger.Zero;
        var digits = PyText.Trim(text, null, left: true, right: true).Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        var negative = digits.StartsWith('-');
        if (digits.StartsWith('-') || digits.StartsWith('+'))
            digits = digits[1..];
        foreach (var (prefix, of) in new[] { ("0x", 16), ("0o", 8), ("0b", 2) })
        {
            if (radix == of && digits.StartsWith(prefix, StringComparison.Ordinal))
                digits = digits[2..];
        }

        if (digits.Length is 0 or > 4300 || radix is < 2 or > 36)
            return false;
        run.StepNumber(digits.Length * 4L, digits.Length * 4L);
        foreach (var character in digits)
        {
            var digit = char.IsAsciiDigit(character) ? character - '0' : character is >= 'a' and <= 'z' ? character - 'a' + 10 : int.MaxValue;
            if (digit >= radix)
                return false;
            number = (number * radix) + digit;
        }

        number = negative ? -number : number;
        return true;
    }

    private static JinjaException NoNumber(string filter, object? value) =>
        value is Undefined undefined ? undefined.Used() : new JinjaException($"{filter} wants a number, not a {PyTypes.NameOf(value)}");
}
