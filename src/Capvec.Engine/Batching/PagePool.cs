using System.Runtime.InteropServices;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Batching;

/// <summary>
/// Pages of one size, used again and again. They are cut from slabs, each twice as large as the one before up to 32 MiB, which live as long as the pool: memory that comes
/// from the system for the first time costs more than what is computed in it, and less in large pieces.
/// </summary>
internal sealed unsafe class PagePool(long floats) : IDisposable
{
    private const long LargestSlab = 32 << 20;
    private const int Line = 16; // elements of a cache line

    private readonly List<NativeBuffer<float>> _slabs = [];
    private readonly Stack<Page> _free = new();
    private readonly long _stride = (floats + Line - 1) / Line * Line;
    private long _slabPages = 1;

    /// <summary>Elements of a page.</summary>
    public long Floats { get; } = floats;

    /// <summary>Bytes of a page.</summary>
    public long Bytes => Floats * sizeof(float);

    /// <summary>A page with one holder; it holds what its last use left.</summary>
    public Page Take()
    {
        if (_free.Count == 0)
            AddSlab();
        return _free.Pop().Hold();
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
        foreach (var slab in _slabs)
            slab.Dispose();
    }

    private void AddSlab()
    {
        var slab = new NativeBuffer<float>(_slabPages * _stride, clear: false);
        _slabs.Add(slab);
        for (var i = _slabPages - 1; i >= 0; i--)
            _free.Push(new Page(this, slab.Pointer + (i * _stride)));
        _slabPages = Math.Clamp(LargestSlab / Math.Max(1, _stride * sizeof(float)), 1, _slabPages * 2);
    }
}
