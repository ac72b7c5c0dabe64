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
        var direct = w.Format == WeightFormat.Q8_0 && x.Tiles <= Gemm.DirectTiles;
        for (var chunk = 0; chunk < w.Chunks; chunk++)
        {
            var activations = x.Integers.Chunk(chunk);
            var isLast = chunk == w.Chunks - 1;
            for (var i = 0; i < count; i++)
            {
                var packed = w.Chunk(first + i, chunk);
                if (direct)
                    Unpacking.Shape(w.Format, w.ChunkColumns(chunk), unpacked);
                else
                    w.Unpack(first + i, chunk, unpacked);
                var source = direct ? WordSource.Q8_0 : unpacked.PairsPerBlock == 8 ? WordSource.HalfBlockPairs : WordSource.Pairs;
                var call = new TileCall
                {
                    Weights = direct ? packed : (byte*)unpacked.Values,
                    Scales = unpacked.Scales,
                    Minima = unpacked.HasMinima ? unpacked.Minima : null,
                    Blocks = unpacked.Columns / PanelLayout.BlockColumns,
                    Next = i + 1 < count ? w.Chunk(first + i + 1, chunk) : w.Chunk(first, chunk + 1),
                    First = chunk == 0 ? 1 : 0,
                };
                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    call.X = activations.Pairs(start);
                    call.Sums = activations.Sums(start);
                    call.XScales = activations.Scales(start);
                    call.From = sums.At(i, start);
                    call.Y = sums.Next(i, start, isLast, out var stride);
                    call.Stride = stride * sizeof(float);
                    VnniKernels.Words(ref call, size, source, ahead.Take(tile, ref call));
                }
            }
        }
    }
}
