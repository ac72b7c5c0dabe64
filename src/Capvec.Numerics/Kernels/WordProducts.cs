using System.Runtime.CompilerServices;
using Capvec.Numerics.Kernels.Emitted;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels;

/// <summary>Panels of quantised weights times 15-bit activations, with emitted tiles.</summary>
internal static unsafe class WordProducts
{
    /// <summary>Computes <paramref name="count"/> panels from <paramref name="first"/> on for all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panels(PackedMatrix w, int first, int count, PackedRows x, PanelSums sums)
    {
        var unpacked = GemmScratch.Current.Chunk;
        var ahead = new Lookahead(w.Format, x.Tiles);
        var source = Source(w.Format);
        // The first tile writes pairs down for the others, where those do not read the panel too.
        var direct = source == WordSource.Block12 || (source == WordSource.Q8_0 && x.Tiles <= Gemm.DirectTiles);
        var later = direct ? source : source == WordSource.Q6_K ? WordSource.HalfBlockPairs : WordSource.Pairs;
        var keep = !direct && x.Tiles > 1;
        for (var chunk = 0; chunk < w.Chunks; chunk++)
        {
            var activations = x.Integers.Chunk(chunk);
            var isLast = chunk == w.Chunks - 1;
            for (var i = 0; i < count; i++)
            {
                var packed = w.Chunk(first + i, chunk);
                Unpacking.Shape(w.Format, w.ChunkColumns(chunk), unpacked);
                var call = new TileCall
                {
                    Weights = packed,
                    Scales = unpacked.Scales,
                    Minima = unpacked.HasMinima ? unpacked.Minima : null,
                    Blocks = unpacked.Columns / PanelLayout.BlockColumns,
                    Unpacked = (byte*)unpacked.Values,
                    Next = w.ChunkAfter(first, count, i, chunk),
                    First = chunk == 0 ? 1 : 0,
                };
                if (source == WordSource.Q4_K)
                {
                    Unpacking.Q4KScales(packed, unpacked);
                    call.Weights = packed + PanelLayout.Q4KQuads;
                }
                else if (source == WordSource.Q6_K)
                {
                    Unpacking.Q6KScales(packed, unpacked);
                    call.Weights = packed + PanelLayout.Q6KBlocks;
                }

                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    if (tile == 1 && keep)
                        call.Weights = (byte*)unpacked.Values;
                    call.X = activations.Pairs(start);
                    call.Sums = activations.Sums(start);
                    call.XScales = activations.Scales(start);
                    call.From = sums.At(i, start);
                    call.Y = sums.Next(i, start, isLast, out var stride);
                    call.Stride = stride * sizeof(float);
                    VnniKernels.Words(ref call, size, tile == 0 ? source : later, keep && tile == 0, ahead.Take(tile, ref call));
                }
            }
        }
    }

    private static WordSource Source(WeightFormat format) => format switch
    {
        WeightFormat.Block12 => WordSource.Block12,
        WeightFormat.Q8_0 => WordSource.Q8_0,
        WeightFormat.Q4_0 => WordSource.Q4_0,
        WeightFormat.Q4_K => WordSource.Q4_K,
        WeightFormat.Q6_K => WordSource.Q6_K,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
