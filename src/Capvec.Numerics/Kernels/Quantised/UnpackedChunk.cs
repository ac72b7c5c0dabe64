using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// One chunk of a panel as the integer kernels read it: <c>w = scale[block] value - minimum[block]</c>. One worker's scratch, 20 KiB (12 KiB as quads), stays in the first-level cache.
/// </summary>
internal sealed unsafe class UnpackedChunk : IDisposable
{
    private readonly NativeBuffer<short> _values = new(PanelLayout.ChunkColumns * PanelLayout.Rows);
    private readonly NativeBuffer<byte> _quads = new(PanelLayout.ChunkColumns * PanelLayout.Rows);
    private readonly NativeBuffer<float> _scales = new(16 * PanelLayout.Rows);
    private readonly NativeBuffer<float> _minima = new(8 * PanelLayout.Rows);

    /// <summary>[pairs][32 rows][2].</summary>
    public short* Values => _values.Pointer;

    /// <summary>[quads][32 rows][4], weights plus 128, in <see cref="ByteRows"/>' order of columns; written by <see cref="QuadUnpacking"/> or a <see cref="Emitted.ByteTile"/>.</summary>
    public byte* Quads => _quads.Pointer;

    /// <summary>[blocks][32 rows].</summary>
    public float* Scales => _scales.Pointer;

    /// <summary>[blocks][32 rows]; used where <see cref="HasMinima"/>.</summary>
    public float* Minima => _minima.Pointer;

    /// <summary>Blocks of this chunk.</summary>
    public int Blocks { get; set; }

    /// <summary>Column pairs of a block: 16, or 8 for Q6_K.</summary>
    public int PairsPerBlock { get; set; }

    /// <summary>Whether minima are subtracted; only with 16 pairs a block.</summary>
    public bool HasMinima { get; set; }

    /// <summary>Columns of this chunk.</summary>
    public int Columns => Blocks * PairsPerBlock * 2;

    public void Dispose()
    {
        _values.Dispose();
        _quads.Dispose();
        _scales.Dispose();
        _minima.Dispose();
    }
}
