using System.Numerics;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's arithmetic operators: on numbers of any size, and on text and lists.</summary>
internal static class PyMath
{
    // Numbers beyond this are no counts of messages; they are an attempt to use up memory.
    private const long MostBits = 1 << 16;

    /// <summary>Applies an operator.</summary>
    /// <param name="run">The rendering.</param>
    /// <param name="op">One of + - * / // % **.</param>
    /// <param name="left">Left operand.</param>
    /// <param name="right">Right operand.</param>
    public static object? Apply(Evaluation run, string op, object? left, object? right)
    {
        if (PyTypes.IsInteger(left, out var a) && PyTypes.IsInteger(right, out var b))
            return OnIntegers(run, op, a, b);
        if (PyTypes.IsNumber(left, out var x) && PyTypes.IsNumber(right, out var y))
            return OnFloats(op, x, y);
        switch (op, left, right)
        {
            case ("+", string first, string second):
                run.Reserve((long)first.Length + second.Length);
                return first + second;
            case ("+", PyList first, PyList second):
                run.Step((long)first.Items.Count + second.Items.Count);
                return new PyList([.. first.Items, .. second.Items]);
            case ("+", PyTuple first, PyTuple second):
                run.Step((long)first.Items.Count + second.Items.Count);
                return new PyTuple([.. first.Items, .. second.Items]);
            case ("*", string or PyList or PyTuple, _) when PyTypes.IsInteger(right, out var times):
                return Repeat(run, left, times);
            case ("*", _, string or PyList or PyTuple) when PyTypes.IsInteger(left, out var times):
                return Repeat(run, right, times);
            case ("%", string format, _):
                return PyFormat.Percent(run, format, right);
        }

        if ((left as Undefined ?? right as Undefined) is { } undefined)
            throw undefined.Used();
        throw new JinjaException($"{op} does not work on a {PyTypes.NameOf(left)} and a {PyTypes.NameOf(right)}");
    }

    /// <summary>Unary minus.</summary>
    public static object Negate(object? value) => PyTypes.IsInteger(value, out var integer) ? Small(-integer)
        : PyTypes.IsNumber(value, out var number) ? -number
        : throw NotANumber("-", value);

    /// <summary>Unary plus.</summary>
    public static object Plus(object? value) => PyTypes.IsInteger(value, out var integer) ? Small(integer)
        : PyTypes.IsNumber(value, out var number) ? number
        : throw NotANumber("+", value);

    /// <summary>A whole number as its smallest type: each value has one representation.</summary>
    public static object Small(BigInteger value) => value >= long.MinValue && value <= long.MaxValue ? (long)value : value;

    /// <summary>A whole number from a float, cut towards zero.</summary>
    public static object Truncated(double value) => double.IsFinite(value) ? Small(new BigInteger(value)) : throw new JinjaException("infinity and nan are no whole numbers");

    private static object OnIntegers(Evaluation run, string op, BigInteger a, BigInteger b)
    {
        run.StepNumber(a.GetBitLength(), b.GetBitLength());
        switch (op)
        {
            case "+":
                return Bounded(a + b);
            case "-":
                return Bounded(a - b);
            case "*":
                return Bounded(a * b);
            case "/":
                return Divided(PyTypes.ToDouble(a), PyTypes.ToDouble(b));
            case "//" or "%":
                if (b.IsZero)
                    throw new JinjaException("division by zero");
                var quotient = BigInteger.DivRem(a, b, out var rest);
                if (!rest.IsZero && rest.Sign != b.Sign)
                    (quotient, rest) = (quotient - 1, rest + b);
                return Small(op == "%" ? rest : quotient);
            default:
                return b.Sign < 0 ? Power(PyTypes.ToDouble(a), PyTypes.ToDouble(b)) : Power(run, a, b);
        }
    }

    private static object OnFloats(string op, double a, double b)
    {
        switch (op)
        {
            case "+":
                return a + b;
            case "-":
                return a - b;
            case "*":
                return a * b;
            case "/":
                return Divided(a, b);
            case "//" or "%":
                if (b == 0)
                    throw new JinjaException("division by zero");
                var rest = a % b;
                if (rest != 0 && rest < 0 != b < 0)
                    rest += b;
                return op == "%" ? rest : Math.Round((a - rest) / b);
            default:
                return Power(a, b);
        }
    }

    private static double Divided(double a, double b) => b == 0 ? throw new JinjaException("division by zero") : a / b;

    private static object Power(Evaluation run, BigInteger a, BigInteger b)
    {
        if (a.IsZero || a.IsOne || b.IsZero)
            return Small(b.IsZero ? 1 : a);
        if (b * Math.Max(1, (long)a.GetBitLength()) > MostBits)
            throw new JinjaException("a power is too large");
        var bits = (int)b * a.GetBitLength();
        run.StepNumber(bits, bits);
        return Small(BigInteger.Pow(a, (int)b));
    }

    private static object Power(double a, double b)
    {
        if (a == 0 && b < 0)
            throw new JinjaException("division by zero");
        var result = Math.Pow(a, b);
        return double.IsNaN(result) && !double.IsNaN(a) && !double.IsNaN(b) ? throw new JinjaException("a power is a complex number") : result;
    }

    private static object Bounded(BigInteger value) => value.GetBitLength() <= MostBits ? Small(value) : throw new JinjaException("a number is too large");

    private static object? Repeat(Evaluation run, object? value, BigInteger times)
    {
        var count = (long)BigInteger.Clamp(times, 0, int.MaxValue);
        if (value is string text)
        {
            run.Reserve(text.Length * count);
            return string.Concat(Enumerable.Repeat(text, (int)(text.Length == 0 ? 0 : count)));
        }

        var items = ((PySequence)value!).Items;
        run.Step(items.Count * count);
        object?[] repeated = [.. Enumerable.Repeat(items, (int)(items.Count == 0 ? 0 : count)).SelectMany(all => all)];
        return value is PyTuple ? new PyTuple(repeated) : new PyList(repeated);
    }

    private static JinjaException NotANumber(string op, object? value) =>
        value is Undefined undefined ? undefined.Used() : new JinjaException($"{op} does not work on a {PyTypes.NameOf(value)}");
}
