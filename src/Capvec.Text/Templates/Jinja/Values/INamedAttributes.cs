namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>A value with attributes of its own, such as <c>loop</c> or a namespace.</summary>
internal interface INamedAttributes
{
    /// <summary>Looks an attribute up.</summary>
    bool TryGetAttribute(string name, out object? value);
}
