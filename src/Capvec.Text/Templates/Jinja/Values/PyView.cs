namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>What a dictionary's keys(), values() and items() give.</summary>
internal sealed class PyView(string name, IReadOnlyList<object?> items) : PySequence(items)
{
    /// <summary>Python's name of the kind of view, such as dict_keys.</summary>
    public string Name { get; } = name;
}
