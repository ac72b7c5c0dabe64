using System.Numerics;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Evaluating;

/// <summary>What a call, filter or test is given.</summary>
/// <param name="Callee">The name of what is called, for messages.</param>
/// <param name="Positional">Arguments by place.</param>
/// <param name="Named">Arguments by name.</param>
internal sealed record Arguments(string Callee, IReadOnlyList<object?> Positional, IReadOnlyList<(string Name, object? Value)> Named)
{
    /// <summary>Lays the arguments out in the order of a signature.</summary>
    public Bound Bind(params string[] names)
    {
        if (Positional.Count > names.Length)
            throw new JinjaException($"{Callee} takes {(names.Length == 0 ? "no arguments" : $"at most {string.Join(", ", names)}")}");
        var given = new bool[names.Length];
        var values = new object?[names.Length];
        for (var i = 0; i < Positional.Count; i++)
            (given[i], values[i]) = (true, Positional[i]);
        foreach (var (name, value) in Named)
        {
            var index = Array.IndexOf(names, name);
            if (index < 0)
                throw new JinjaException($"{Callee} has no argument named {name}");
            if (given[index])
                throw new JinjaException($"{Callee} is given {name} twice");
            (given[index], values[index]) = (true, value);
        }

        return new Bound(Callee, names, given, values);
    }

    /// <summary>Arguments in the order of a signature, read with their types.</summary>
    internal sealed class Bound(string callee, string[] names, bool[] given, object?[] values)
    {
        /// <summary>Whether the argument is there.</summary>
        public bool Has(int index) => given[index];

        /// <summary>An argument that must be there.</summary>
        public object? Value(int index) => given[index] ? values[index] : throw new JinjaException($"{callee} lacks the argument {names[index]}");

        /// <summary>An argument that may be missing.</summary>
        public object? Value(int index, object? missing) => given[index] ? values[index] : missing;

        /// <summary>A text that must be there.</summary>
        public string Text(int index) => Value(index) as string ?? throw Wrong(index, "a string");

        /// <summary>A text that may be missing.</summary>
        public string Text(int index, string missing) => given[index] ? Text(index) : missing;

        /// <summary>A text that may be missing or None.</summary>
        public string? TextOrNone(int index) => given[index] && values[index] is not null ? Text(index) : null;

        /// <summary>A whole number that must be there.</summary>
        public int Int(int index) => PyTypes.IsInteger(Value(index), out var number) ? (int)BigInteger.Clamp(number, int.MinValue, int.MaxValue) : throw Wrong(index, "a whole number");

        /// <summary>A whole number that may be missing.</summary>
        public int Int(int index, int missing) => given[index] ? Int(index) : missing;

        /// <summary>A whole number that may be missing or None.</summary>
        public int? IntOrNone(int index) => given[index] && values[index] is not null ? Int(index) : null;

        /// <summary>Whether an argument counts as true.</summary>
        public bool Truth(int index, bool missing) => given[index] ? PyTypes.IsTrue(values[index]) : missing;

        /// <summary>The error for an argument of the wrong type.</summary>
        public JinjaException Wrong(int index, string expected) =>
            values[index] is Undefined undefined ? undefined.Used() : new JinjaException($"{callee} wants {expected} as {names[index]}, not a {PyTypes.NameOf(values[index])}");
    }
}
