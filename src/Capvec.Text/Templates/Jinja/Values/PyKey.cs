using System.Numerics;
using System.Runtime.CompilerServices;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>A key of a dictionary, compared as Python compares: 1, 1.0 and True are one key.</summary>
internal readonly struct PyKey : IEquatable<PyKey>
{
    private readonly int _hash;

    /// <summary>Wraps a value that can be a key.</summary>
    /// <exception cref="JinjaException">It is a list, a dictionary or another thing that can not.</exception>
    public PyKey(object? value) => (Value, _hash) = (value, HashOf(value));

    /// <summary>The value.</summary>
    public object? Value { get; }

    public bool Equals(PyKey other) => PyCompare.AreEqual(Value, other.Value);

    public override bool Equals(object? obj) => obj is PyKey other && Equals(other);

    public override int GetHashCode() => _hash;

    private static int HashOf(object? value)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Evaluation.StepCurrent();
        return HashOfKind(value);
    }

    private static int HashOfKind(object? value) => value switch
    {
        null => 0,
        string text => text.GetHashCode(StringComparison.Ordinal),
        bool flag => flag ? 1.0.GetHashCode() : 0.0.GetHashCode(),
        long number => ((double)number).GetHashCode(),
        BigInteger number => ((double)number).GetHashCode(),
        double number => number.GetHashCode(),
        PyTuple tuple => tuple.Items.Aggregate(17, (hash, item) => HashCode.Combine(hash, HashOf(item))),
        Undefined undefined => throw undefined.Used(),
        PySequence or PyDict or PyIterator => throw new JinjaException($"a {PyTypes.NameOf(value)} cannot be a key"),
        _ => value.GetHashCode(),
    };
}
