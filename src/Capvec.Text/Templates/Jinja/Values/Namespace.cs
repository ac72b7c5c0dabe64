namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>What namespace() makes: the one value whose attributes a template can set, also from inside a loop.</summary>
internal sealed class Namespace : INamedAttributes
{
    private readonly Dictionary<string, object?> _attributes = [];

    /// <summary>The attributes in the order in which they came.</summary>
    public PyDict Attributes => new(_attributes.Select(attribute => ((object?)attribute.Key, attribute.Value)));

    /// <summary>Sets an attribute.</summary>
    public void Set(string name, object? value) => _attributes[name] = value;

    public bool TryGetAttribute(string name, out object? value) => _attributes.TryGetValue(name, out value);
}
