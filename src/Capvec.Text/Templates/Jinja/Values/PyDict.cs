namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Python's dict: keys in the order in which they came.</summary>
internal sealed class PyDict
{
    private readonly OrderedDictionary<PyKey, object?> _entries = [];

    /// <summary>An empty one.</summary>
    public PyDict()
    {
    }

    /// <summary>One with these entries; of two with the same key the later value holds, at the earlier place.</summary>
    public PyDict(IEnumerable<(object? Key, object? Value)> entries)
    {
        foreach (var (key, value) in entries)
            Set(key, value);
    }

    /// <summary>How many keys there are.</summary>
    public int Count => _entries.Count;

    /// <summary>Keys and values in order.</summary>
    public IEnumerable<(object? Key, object? Value)> Entries => _entries.Select(entry => (entry.Key.Value, entry.Value));

    /// <summary>The keys in order.</summary>
    public IEnumerable<object?> Keys => _entries.Keys.Select(key => key.Value);

    /// <summary>Looks a key up.</summary>
    public bool TryGet(object? key, out object? value) => _entries.TryGetValue(new PyKey(key), out value);

    /// <summary>Used while a dictionary is made; templates never change one.</summary>
    public void Set(object? key, object? value) => _entries[new PyKey(key)] = value;
}
