using System.Runtime.InteropServices;

namespace Capvec.Engine.Batching;

/// <summary>Pages of one size, used again and again.</summary>
internal sealed unsafe class PagePool(long floats) : IDisposable
{
    private readonly List<Page> _all = [];
    private readonly Stack<Page> _free = new();

    /// <summary>Elements of a page.</summary>
    public long Floats { get; } = floats;

    /// <summary>Bytes of a page.</summary>
    public long Bytes => Floats * sizeof(float);

    /// <summary>Pages that somebody holds.</summary>
    public int InUse => _all.Count - _free.Count;

    /// <summary>A page with one holder; it holds what its last use left.</summary>
    public Page Take()
    {
        if (!_free.TryPop(out var page))
        {
            page = new Page(this);
            _all.Add(page);
        }

        return page.Hold();
    }

    /// <summary>A page with one holder and the contents of another, which loses one.</summary>
    public Page TakeCopy(Page source)
    {
        var copy = Take();
        NativeMemory.Copy(source.Pointer, copy.Pointer, (nuint)Bytes);
        source.Release();
        return copy;
    }

    /// <summary>Takes a page back that nobody holds.</summary>
    public void Return(Page page) => _free.Push(page);

    public void Dispose()
    {
        foreach (var page in _all)
            page.Dispose();
    }
}
