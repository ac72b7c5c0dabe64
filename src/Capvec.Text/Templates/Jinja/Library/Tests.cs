using System.Numerics;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>All tests by name.</summary>
internal static class Tests
{
    private static readonly Dictionary<string, Test> All = new()
    {
        ["boolean"] = Plain(value => value is bool),
        ["callable"] = Plain(value => value is ICallable or Undefined),
        ["defined"] = Plain(value => value is not Undefined),
        ["divisibleby"] = (run, value, arguments) => IsZero(PyMath.Apply(run, "%", value, arguments.Bind("num").Value(0))),
        ["escaped"] = Plain(_ => false),
        ["even"] = (run, value, arguments) => IsZero(PyMath.Apply(run, "%", value, 2L)),
        ["false"] = Plain(value => value is false),
        ["filter"] = Plain(value => value is string name && Filters.Exists(name)),
        ["float"] = Plain(value => value is double),
        ["in"] = (run, value, arguments) => PyAccess.Contains(run, arguments.Bind("seq").Value(0), value),
        ["integer"] = Plain(value => value is long or BigInteger),
        ["iterable"] = Plain(value => value is string or PySequence or PyDict or PyIterator or Undefined),
        ["lower"] = (run, value, arguments) => { arguments.Bind(); return PyText.IsLower(PyPrint.Str(run, value)); },
        ["mapping"] = Plain(value => value is PyDict),
        ["none"] = Plain(value => value is null),
        ["number"] = Plain(value => PyTypes.IsNumber(value, out _)),
        ["odd"] = (run, value, arguments) => PyCompare.AreEqual(PyMath.Apply(run, "%", value, 2L), 1L),
        ["sameas"] = (run, value, arguments) => arguments.Bind("other").Value(0) is var other
            && (ReferenceEquals(value, other) || (value is not null && other is not null && value.GetType() == other.GetType() && value.GetType().IsValueType && value.Equals(other)) || (value is string a && other is string b && a == b)),
        ["sequence"] = Plain(value => value is string or PyList or PyTuple or PyRange or PyDict or Undefined),
        ["string"] = Plain(value => value is string),
        ["test"] = Plain(value => value is string name && Exists(name)),
        ["true"] = Plain(value => value is true),
        ["undefined"] = Plain(value => value is Undefined),
        ["upper"] = (run, value, arguments) => { arguments.Bind(); return PyText.IsUpper(PyPrint.Str(run, value)); },
    };

    static Tests()
    {
        Add(Compared((a, b) => PyCompare.AreEqual(a, b)), "eq", "equalto", "==");
        Add(Compared((a, b) => !PyCompare.AreEqual(a, b)), "ne", "!=");
        Add(Compared((a, b) => PyCompare.Order(a, b) < 0), "lt", "lessthan", "<");
        Add(Compared((a, b) => PyCompare.Order(a, b) <= 0), "le", "<=");
        Add(Compared((a, b) => PyCompare.Order(a, b) > 0), "gt", "greaterthan", ">");
        Add(Compared((a, b) => PyCompare.Order(a, b) >= 0), "ge", ">=");
    }

    /// <summary>The test of that name.</summary>
    public static Test Named(string name) => All.GetValueOrDefault(name) ?? throw new JinjaException($"the test '{name}' is not known here");

    private static bool Exists(string name) => All.ContainsKey(name);

    private static bool IsZero(object? value) => PyCompare.AreEqual(value, 0L);

    private static void Add(Test test, params string[] names)
    {
        foreach (var name in names)
            All.Add(name, test);
    }

    private static Test Plain(Predicate<object?> test) => (_, value, arguments) =>
    {
        arguments.Bind();
        return test(value);
    };

    private static Test Compared(Func<object?, object?, bool> test) => (_, value, arguments) => test(value, arguments.Bind("other").Value(0));
}
