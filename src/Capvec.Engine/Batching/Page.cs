namespace Capvec.Engine.Batching;

/// <summary>
/// A piece of memory that several sequences and the cache may hold at once; whoever writes into it must be its only holder. Counted on
/// the engine's thread alone.
/// </summary>
internal sealed unsafe class Page(PagePool pool, float* memory)
{
    /// <summary>First element.</summary>
    public float* Pointer { get; } = memory;

    /// <summary>The pool it goes back to.</summary>
    public PagePool Pool { get; } = pool;

    /// <summary>Holders; 0 while it lies in the pool.</summary>
    public int Holders { get; private set; }

    /// <summary>Kept prefixes among the holders: the cache counts a page's bytes once.</summary>
    public int Keepers { get; set; }

    /// <summary>Adds a holder.</summary>
    public Page Hold()
    {
        Holders++;
        return this;
    }

    /// <summary>Takes a holder away; the last one gives the page back to its pool.</summary>
    public void Release()
    {
        if (--Holders == 0)
            Pool.Return(this);
    }
}
