namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>What filters such as map and select give: things in a row that can be gone through once.</summary>
internal sealed class PyIterator(IEnumerable<object?> items) : IDisposable
{
    private readonly IEnumerator<object?> _items = items.GetEnumerator();

    /// <summary>What is left.</summary>
    public IEnumerable<object?> Rest()
    {
        while (_items.MoveNext())
            yield return _items.Current;
    }

    public void Dispose() => _items.Dispose();
}
