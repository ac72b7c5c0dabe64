using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Capvec.Text.Templates.Jinja.Evaluating;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Equality and order as Python has them.</summary>
internal static class PyCompare
{
    /// <summary>The == operator.</summary>
    public static bool AreEqual(object? left, object? right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Evaluation.StepCurrent();
        switch (left, right)
        {
            case (null, null):
                return true;
            case (string a, string b):
                return a == b;
            case (PyList a, PyList b):
                return AreAllEqual(a, b);
            case (PyTuple a, PyTuple b):
                return AreAllEqual(a, b);
            case (PyRange a, PyRange b):
                return AreAllEqual(a, b);
            case (PyDict a, PyDict b):
                return a.Count == b.Count && a.Entries.All(entry => b.TryGet(entry.Key, out var value) && AreEqual(entry.Value, value));
            case (Undefined, Undefined):
                return true;
        }

        if (PyTypes.IsInteger(left, out var first) && PyTypes.IsInteger(right, out var second))
            return first == second;
        if (PyTypes.IsNumber(left, out var x) && PyTypes.IsNumber(right, out var y))
            return x == y;
        return ReferenceEquals(left, right);
    }

    /// <summary>Less than 0, 0 or more than 0, as left stands before, with or after right; null where one is not a number.</summary>
    /// <exception cref="JinjaException">The two have no order.</exception>
    public static int? Order(object? left, object? right)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        Evaluation.StepCurrent();
        if (left is string a && right is string b)
            return PyText.Order(a, b);
        if (PyTypes.IsInteger(left, out var first) && PyTypes.IsInteger(right, out var second))
            return first.CompareTo(second);
        if (PyTypes.IsNumber(left, out var x) && PyTypes.IsNumber(right, out var y))
            return double.IsNaN(x) || double.IsNaN(y) ? null : x.CompareTo(y);
        if ((left, right) is (PyList, PyList) or (PyTuple, PyTuple))
            return OrderAll((PySequence)left!, (PySequence)right!);
        if ((left as Undefined ?? right as Undefined) is { } undefined)
            throw undefined.Used();
        throw new JinjaException($"a {PyTypes.NameOf(left)} and a {PyTypes.NameOf(right)} have no order");
    }

    /// <summary>Things in the order of their keys; things of equal keys stay as they were, in descending order too.</summary>
    public static T[] Sorted<T>(IEnumerable<T> things, Func<T, object?> key, bool descending = false)
    {
        var order = Comparer<object?>.Create((a, b) => Order(a, b) ?? 0);
        try
        {
            return [.. descending ? things.OrderByDescending(key, order) : things.OrderBy(key, order)];
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException or InsufficientExecutionStackException)
        {
            // Sorting wraps what the comparison throws.
            ExceptionDispatchInfo.Throw(error.InnerException);
            throw;
        }
    }

    private static bool AreAllEqual(PySequence left, PySequence right) =>
        left.Items.Count == right.Items.Count && left.Items.Zip(right.Items).All(pair => AreEqual(pair.First, pair.Second));

    private static int? OrderAll(PySequence left, PySequence right)
    {
        foreach (var (first, second) in left.Items.Zip(right.Items))
        {
            if (!AreEqual(first, second))
                return Order(first, second);
        }

        return left.Items.Count.CompareTo(right.Items.Count);
    }
}
