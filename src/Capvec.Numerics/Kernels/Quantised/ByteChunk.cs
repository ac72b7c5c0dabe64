using System.Runtime.CompilerServices;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>One chunk of columns of <see cref="ByteRows"/>; what belongs to a tile is found by the tile's first row.</summary>
/// <param name="quads">[quads][tokens], a tile after the other.</param>
/// <param name="scales">[blocks of 32 columns][tokens], a tile after the other.</param>
/// <param name="sums">[blocks][tokens] scale times sum of the integers.</param>
/// <param name="offsets">[blocks][tokens] -128 times the sum of the integers: what weights that are 128 too large add too much.</param>
/// <param name="halfOffsets">[half blocks][tokens], the same for 16 columns.</param>
/// <param name="columns">Columns of the chunk.</param>
internal readonly unsafe struct ByteChunk(int* quads, float* scales, float* sums, int* offsets, int* halfOffsets, int columns)
{
    /// <summary>Blocks of 32 columns.</summary>
    public int Blocks
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => columns / PanelLayout.BlockColumns;
    }

    /// <summary>The quads of the tile that begins at a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Quads(int start) => quads + ((long)start * (columns / 4));

    /// <summary>Its scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Scales(int start) => scales + ((long)start * Blocks);

    /// <summary>Its sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Sums(int start) => sums + ((long)start * Blocks);

    /// <summary>Its offsets of whole blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Offsets(int start) => offsets + ((long)start * Blocks);

    /// <summary>Its offsets of half blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* HalfOffsets(int start) => halfOffsets + (2L * start * Blocks);
}
