namespace Capvec.Text.Templates.Jinja.Evaluating;

/// <summary>
/// Names and values. A loop's body, a macro and a block have scopes of their own: what they set is gone at their end, what they read
/// comes from the nearest scope around that has it.
/// </summary>
internal sealed class Scope(Scope? parent)
{
    private readonly Dictionary<string, object?> _values = [];

    /// <summary>Sets a name in this scope.</summary>
    public void Set(string name, object? value) => _values[name] = value;

    /// <summary>Looks a name up, outwards.</summary>
    public bool TryGet(string name, out object? value)
    {
        for (var scope = this; scope is not null; scope = scope.Parent)
        {
            if (scope._values.TryGetValue(name, out value))
                return true;
        }

        value = null;
        return false;
    }

    private Scope? Parent { get; } = parent;
}
