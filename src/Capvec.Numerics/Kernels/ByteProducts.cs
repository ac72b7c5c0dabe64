using System.Runtime.CompilerServices;
using Capvec.Numerics.Kernels.Emitted;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels;

/// <summary>Panels of quantised weights times 8-bit activations.</summary>
internal static unsafe class ByteProducts
{
    /// <summary>Computes <paramref name="count"/> panels from <paramref name="first"/> on for all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panels(KernelPath path, PackedMatrix w, int first, int count, PackedRows x, PanelSums sums)
    {
        var unpacked = GemmScratch.Current.Chunk;
        var ahead = new Lookahead(w.Format, x.Tiles);
        var parts = w.Format == WeightFormat.Q6_K ? 2 : 1;
        var source = path == KernelPath.Vnni ? Source(w.Format) : ByteSource.Quads;
        // What the first tile has unpacked serves the others.
        var later = parts == 2 ? ByteSource.HalfBlockQuads : ByteSource.Quads;
        for (var chunk = 0; chunk < w.Chunks; chunk++)
        {
            var activations = x.Bytes.Chunk(chunk);
            for (var i = 0; i < count; i++)
            {
                var packed = w.Chunk(first + i, chunk);
                if (source == ByteSource.Quads)
                    QuadUnpacking.Chunk(w.Format, packed, w.ChunkColumns(chunk), unpacked);
                else
                    Unpacking.Shape(w.Format, w.ChunkColumns(chunk), unpacked);
                if (source == ByteSource.Q4_K)
                    Unpacking.Q4KScales(packed, unpacked);
                else if (source == ByteSource.Q6_K)
                    Unpacking.Q6KScales(packed, unpacked);
                var call = new TileCall
                {
                    Weights = source switch
                    {
                        ByteSource.Quads => unpacked.Quads,
                        ByteSource.Q4_K => packed + PanelLayout.Q4KQuads,
                        ByteSource.Q6_K => packed + PanelLayout.Q6KBlocks,
                        _ => packed,
                    },
                    Scales = unpacked.Scales,
                    Minima = unpacked.HasMinima ? unpacked.Minima : null,
                    Blocks = activations.Blocks,
                    Unpacked = unpacked.Quads,
                    Next = w.ChunkAfter(first, count, i, chunk),
                    First = chunk == 0 ? 1 : 0,
                };
                var isLast = chunk == w.Chunks - 1;
                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    if (tile == 1)
                        call.Weights = unpacked.Quads;
                    call.X = activations.Quads(start);
                    call.Sums = activations.Sums(start);
                    call.XScales = activations.Scales(start);
                    call.Offsets = parts == 1 ? activations.Offsets(start) : activations.HalfOffsets(start);
                    call.From = sums.At(i, start);
                    call.Y = sums.Next(i, start, isLast, out var stride);
                    call.Stride = stride * sizeof(float);
                    switch (path)
                    {
                        case KernelPath.Vnni:
                            VnniKernels.Bytes(ref call, size, tile == 0 ? source : later, keep: tile == 0 && x.Tiles > 1, ahead.Take(tile, ref call));
                            break;
                        case KernelPath.Avx512 or KernelPath.Avx2: ByteTileAvx2.Tile(call, size, parts); break;
                        default: ByteTilePortable.Tile(call, size, parts); break;
                    }
                }
            }
        }
    }

    private static ByteSource Source(WeightFormat format) => format switch
    {
        WeightFormat.Q8_0 => ByteSource.Q8_0,
        WeightFormat.Q4_0 => ByteSource.Q4_0,
        WeightFormat.Q4_K => ByteSource.Q4_K,
        WeightFormat.Q6_K => ByteSource.Q6_K,
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
