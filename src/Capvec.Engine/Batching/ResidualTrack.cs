namespace Capvec.Engine.Batching;

/// <summary>
/// The unsteered residual stream of positions <c>[From, To)</c> after the first <see cref="Depth"/> blocks: where another sequence with the
/// same prompt, steered only from there on, can enter.
/// </summary>
internal sealed unsafe class ResidualTrack(int depth, PagePool pool, int hidden)
{
    private readonly PageTable _table = new(pool);

    /// <summary>Blocks that have been computed: the rows are <c>resid_post[Depth - 1]</c> before steering.</summary>
    public int Depth { get; } = depth;

    /// <summary>First position kept.</summary>
    public int From { get; private set; }

    /// <summary>First position not kept.</summary>
    public int To { get; private set; }

    /// <summary>The row of a position.</summary>
    public float* Row(int position) => _table[position].Pointer + ((long)(position % StateLayout.PagePositions) * hidden);

    /// <summary>Makes positions <c>[from, to)</c> writable; what lies before a gap is given up.</summary>
    public void Extend(int from, int to)
    {
        if (from != To)
        {
            _table.Restart(from);
            From = from;
        }

        _table.Reserve(from, to);
        To = to;
    }

    /// <summary>Holds kept rows up to <paramref name="length"/> positions.</summary>
    public void Share(KeptResiduals kept, int length)
    {
        _table.Share(kept.Rows, length);
        (From, To) = (kept.From, length);
    }

    /// <summary>The rows up to <paramref name="length"/> positions, not held.</summary>
    public KeptResiduals Keep(int length) => new(Depth, From, _table.Run(length));

    public void Clear() => _table.Clear();
}
