using System.Globalization;
using System.Numerics;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's names of types, and its idea of truth.</summary>
internal static class PyTypes
{
    /// <summary>The name of a value's type in messages.</summary>
    public static string NameOf(object? value) => value switch
    {
        null => "None",
        bool => "bool",
        long or BigInteger => "int",
        double => "float",
        string => "str",
        PyList => "list",
        PyTuple => "tuple",
        PyRange => "range",
        PyView view => view.Name,
        PyDict => "dict",
        PyIterator => "generator",
        Undefined => "undefined value",
        Namespace => "namespace",
        ICallable => "function",
        _ => "object",
    };

    /// <summary>Whether a value counts as true: not None, zero, or empty.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        BigInteger number => !number.IsZero,
        double number => number != 0,
        string text => text.Length > 0,
        PySequence sequence => sequence.Items.Count > 0,
        PyDict dict => dict.Count > 0,
        _ => true,
    };

    /// <summary>Whether a value is a whole number; Python counts True and False in.</summary>
    public static bool IsInteger(object? value, out BigInteger number)
    {
        number = value switch { bool flag => flag ? 1 : 0, long small => small, BigInteger big => big, _ => default };
        return value is bool or long or BigInteger;
    }

    /// <summary>The nearest double, ties to even; .NET's own conversion cuts large numbers off.</summary>
    public static double ToDouble(BigInteger number) => number >= long.MinValue && number <= long.MaxValue ? (long)number
        : double.Parse(number.ToString(CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>Whether a value is any number.</summary>
    public static bool IsNumber(object? value, out double number)
    {
        number = value switch { double real => real, bool flag => flag ? 1 : 0, long small => small, BigInteger big => ToDouble(big), _ => default };
        return value is double or bool or long or BigInteger;
    }
}
