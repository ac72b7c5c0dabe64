using System.Runtime.CompilerServices;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>
/// Divides the asking for the next chunk of weights among the tiles that go through this one: the first two, so that memory is not asked for all of it at once; the only one, where
/// there is one.
/// </summary>
internal readonly unsafe struct Lookahead
{
    private const int Line = 64;
    private const int BlocksPerChunk = PanelLayout.ChunkColumns / PanelLayout.BlockColumns;

    /// <summary>Most cache lines that a tile asks for in each block of 32 columns: those of the widest format.</summary>
    public static readonly int MaxLines = Lines(WeightFormat.Block12);

    private readonly int _first;
    private readonly int _second;

    public Lookahead(WeightFormat format, int tiles)
    {
        var lines = Lines(format);
        _first = tiles == 1 ? lines : (lines + 1) / 2;
        _second = lines - _first;
    }

    /// <summary>The lines that a tile is to ask for in each block, from <see cref="TileCall.Next"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Take(int tile, ref TileCall call)
    {
        if (tile == 1)
            call.Next += _first * BlocksPerChunk * Line;
        return tile == 0 ? _first : tile == 1 ? _second : 0;
    }

    private static int Lines(WeightFormat format) => (PanelLayout.ChunkBytes(format, PanelLayout.ChunkColumns) + (BlocksPerChunk * Line) - 1) / (BlocksPerChunk * Line);
}
