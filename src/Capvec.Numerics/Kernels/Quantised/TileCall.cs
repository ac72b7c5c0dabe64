using System.Runtime.InteropServices;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>What a tile reads. It is the only argument of an emitted one; <see cref="Emitted.EmittedTile"/> finds the fields by their offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>The chunk's weights, from the first block's header on.</summary>
    public byte* Weights;

    /// <summary>[blocks][32].</summary>
    public float* Scales;

    /// <summary>[blocks][32], or null where the format has none.</summary>
    public float* Minima;

    /// <summary>Blocks of 32 columns, at least 1.</summary>
    public long Blocks;

    /// <summary>Activations: [pairs][tokens], or [quads][tokens].</summary>
    public int* X;

    /// <summary>[blocks][tokens] sums of the activations, with 8 bits times their scale; read with minima.</summary>
    public float* Sums;

    /// <summary>[tokens] of the chunk, or [blocks][tokens] in <see cref="Emitted.ByteTile"/>.</summary>
    public float* XScales;

    /// <summary>[blocks][tokens] in <see cref="Emitted.ByteTile"/>, of half blocks where these have scales: where integer sums begin.</summary>
    public int* Offsets;

    /// <summary>Where a tile keeps the pairs or quads that it unpacks.</summary>
    public byte* Unpacked;

    /// <summary>[tokens][32] sums over the chunks before.</summary>
    public float* From;

    /// <summary>Where the sums with this chunk go; may be <see cref="From"/>.</summary>
    public float* Y;

    /// <summary>Bytes from one token of <see cref="Y"/> to the next.</summary>
    public long Stride;

    /// <summary>Weights to ask for meanwhile.</summary>
    public byte* Next;

    /// <summary>1 if no chunk came before, else 0.</summary>
    public long First;
}
