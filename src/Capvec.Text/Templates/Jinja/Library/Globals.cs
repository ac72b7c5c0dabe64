using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Functions that every template can call.</summary>
internal static class Globals
{
    // The sandbox's own bound.
    private const long LongestRange = 100_000;

    /// <summary>The functions by name.</summary>
    public static IReadOnlyDictionary<string, ICallable> All { get; } = new Dictionary<string, ICallable>
    {
        ["cycler"] = new Function((_, arguments) => arguments.Positional.Count > 0 ? new Cycler(arguments.Positional) : throw new JinjaException("cycler wants at least one value")),
        ["dict"] = new Function((run, arguments) => new PyDict(Entries(run, arguments))),
        ["joiner"] = new Function((_, arguments) => new Joiner(arguments.Bind("sep").Text(0, ", "))),
        ["namespace"] = new Function(MakeNamespace),
        ["raise_exception"] = new Function((run, arguments) => throw new JinjaException(PyPrint.Str(run, arguments.Bind("message").Value(0))) { RaisedByTemplate = true }),
        ["range"] = new Function(Range),
        ["strftime_now"] = new Function((run, arguments) => run.Built(Strftime.Format(run.Time.GetLocalNow(), arguments.Bind("format").Text(0)))),
    };

    private static IEnumerable<(object?, object?)> Entries(Evaluation run, Arguments arguments)
    {
        var first = new Arguments(arguments.Callee, arguments.Positional, []).Bind("mapping").Value(0, new PyDict());
        var entries = first is PyDict dict ? dict.Entries : PyAccess.Iterate(run, first).Select(item => PyAccess.ToList(run, item) is [var key, var value] ? (key, value)
            : throw new JinjaException("dict wants pairs of key and value"));
        return entries.Concat(arguments.Named.Select(named => ((object?)named.Name, named.Value)));
    }

    private static Namespace MakeNamespace(Evaluation run, Arguments arguments)
    {
        var made = new Namespace();
        foreach (var (key, value) in Entries(run, arguments))
            made.Set(key as string ?? throw new JinjaException("namespace wants names as keys"), value);
        return made;
    }

    private static PyRange Range(Evaluation run, Arguments arguments)
    {
        var numbers = arguments.Positional.Select(value => PyTypes.IsInteger(value, out var number) ? (long)System.Numerics.BigInteger.Clamp(number, int.MinValue, int.MaxValue)
            : throw (value is Undefined undefined ? undefined.Used() : new JinjaException($"range wants whole numbers, not a {PyTypes.NameOf(value)}"))).ToArray();
        if (numbers.Length is < 1 or > 3 || arguments.Named.Count > 0)
            throw new JinjaException("range wants one to three numbers");
        if (numbers is [_, _, 0])
            throw new JinjaException("range has step 0");
        var range = numbers.Length == 1 ? new PyRange(0, numbers[0], 1) : new PyRange(numbers[0], numbers[1], numbers is [_, _, var step] ? step : 1);
        return range.Items.Count <= LongestRange ? range : throw new JinjaException($"a range has more than {LongestRange} numbers");
    }

    private sealed class Cycler(IReadOnlyList<object?> values) : INamedAttributes
    {
        private int _at;

        public bool TryGetAttribute(string name, out object? value)
        {
            value = name switch
            {
                "current" => values[_at],
                "next" => new Function((_, arguments) => { arguments.Bind(); var current = values[_at]; _at = (_at + 1) % values.Count; return current; }),
                "reset" => new Function((_, arguments) => { arguments.Bind(); _at = 0; return null; }),
                _ => null,
            };
            return name is "current" or "next" or "reset";
        }
    }

    private sealed class Joiner(string separator) : ICallable
    {
        private bool _used;

        public object? Call(Evaluation run, Arguments arguments)
        {
            arguments.Bind();
            var text = _used ? separator : "";
            _used = true;
            return text;
        }
    }
}
