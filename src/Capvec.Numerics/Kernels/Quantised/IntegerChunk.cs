using System.Runtime.CompilerServices;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>One chunk of columns of <see cref="IntegerRows"/>; what belongs to a tile is found by the tile's first row.</summary>
/// <param name="pairs">[column pairs][tokens], a tile after the other.</param>
/// <param name="sums">[blocks of 32 columns][tokens] sums of the integers, a tile after the other.</param>
/// <param name="scales">[tokens].</param>
/// <param name="columns">Columns of the chunk.</param>
internal readonly unsafe struct IntegerChunk(int* pairs, float* sums, float* scales, int columns)
{
    /// <summary>The pairs of the tile that begins at a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int* Pairs(int start) => pairs + ((long)start * (columns / 2));

    /// <summary>Its sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Sums(int start) => sums + ((long)start * (columns / PanelLayout.BlockColumns));

    /// <summary>Its scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Scales(int start) => scales + start;
}
