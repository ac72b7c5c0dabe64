namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's list.</summary>
internal sealed class PyList(IReadOnlyList<object?> items) : PySequence(items);
