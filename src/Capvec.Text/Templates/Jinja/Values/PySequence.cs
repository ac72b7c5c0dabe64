namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>A list, tuple, range or view: things in a row whose number is known. None can be changed, as in transformers' sandbox.</summary>
/// <param name="items">The things.</param>
internal abstract class PySequence(IReadOnlyList<object?> items)
{
    /// <summary>The things.</summary>
    public IReadOnlyList<object?> Items { get; } = items;
}
