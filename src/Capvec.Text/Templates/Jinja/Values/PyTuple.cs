namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's tuple, perhaps with names for its places (as the groups of <c>groupby</c> have).</summary>
internal sealed class PyTuple(IReadOnlyList<object?> items, params string[] names) : PySequence(items), INamedAttributes
{
    public bool TryGetAttribute(string name, out object? value)
    {
        var index = Array.IndexOf(names, name);
        value = index >= 0 ? Items[index] : null;
        return index >= 0;
    }
}
