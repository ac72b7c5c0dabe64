using System.Runtime.CompilerServices;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// <c>Y[t, r] = sum_k W[r, k] X[t, k]</c>: panels of weights outside (each read from memory once), tiles of tokens inside.
/// </summary>
/// <remarks>
/// Every output is one chain of multiply-adds over k = 0, 1, ... starting from 0 (in integer products over blocks of 32 or 16 columns, with 15-bit activations then over chunks of 256), whatever the tile size,
/// the panel, the worker or the other rows. That is what makes batches, chunks and single rows equal bit for bit.
/// Quantised weights meet integer activations of 15 or 8 bits, or are widened to float32 a chunk at a time (exact: the file's weights and float32 activations).
/// </remarks>
public static unsafe class Gemm
{
    private const int GroupRows = 96;
    private const int GroupPanels = 4;

    /// <summary>Up to so many tiles, widening a q8_0 chunk for each costs less than writing it down in 16 bits once.</summary>
    internal const int DirectTiles = 4;

    /// <summary>The definition, in plain loops: the oracle of the tests. Fused where <paramref name="fused"/>.</summary>
    public static void Reference(PackedMatrix w, ReadOnlySpan<float> x, Span<float> y, bool fused)
    {
        var row = new float[w.Columns];
        var tokens = x.Length / w.Columns;
        for (var r = 0; r < w.Rows; r++)
        {
            w.GetRow(r, row);
            for (var t = 0; t < tokens; t++)
            {
                var sum = 0f;
                for (var k = 0; k < w.Columns; k++)
                    sum = fused ? MathF.FusedMultiplyAdd(row[k], x[(t * w.Columns) + k], sum) : sum + (row[k] * x[(t * w.Columns) + k]);
                y[(t * w.Rows) + r] = sum;
            }
        }
    }

    /// <summary>The form in which a matrix reads activations.</summary>
    /// <param name="format">The matrix's format.</param>
    /// <param name="activations">What quantised weights are to be multiplied with.</param>
    public static PackedForms FormFor(WeightFormat format, Activations activations) => activations switch
    {
        Activations.Float32 => PackedForms.Float,
        _ when !format.IsQuantised() => PackedForms.Float,
        Activations.Int8 when format != WeightFormat.Block12 => PackedForms.Bytes,
        _ => PackedForms.Integer,
    };

    /// <summary>Computes the panels <c>[firstPanel, endPanel)</c> for all rows of <paramref name="x"/>.</summary>
    /// <param name="path">The kernels to use.</param>
    /// <param name="w">[rows, columns].</param>
    /// <param name="x">[tokens, columns], packed in the form of <see cref="FormFor"/>.</param>
    /// <param name="y">[tokens, stride] row-major; columns 0..rows-1 of each row are written.</param>
    /// <param name="stride">Elements from one output row to the next.</param>
    /// <param name="firstPanel">First panel of this worker's share.</param>
    /// <param name="endPanel">First panel after it.</param>
    /// <param name="activations">What quantised weights are multiplied with.</param>
    public static void Panels(KernelPath path, PackedMatrix w, PackedRows x, float* y, long stride, int firstPanel, int endPanel, Activations activations = Activations.Int16)
    {
        var form = FormFor(w.Format, activations);
        if (!x.Forms.HasFlag(form))
            throw new ArgumentException($"the rows are packed as {x.Forms}; {w.Format} weights need {form}", nameof(x));
        // Many rows: a chunk of their columns serves several panels while it is in the second-level cache. Few rows: one panel after the other, as they lie in memory.
        var group = x.Count >= GroupRows ? GroupPanels : 1;
        for (var p = firstPanel; p < endPanel; p += group)
        {
            var count = Math.Min(group, endPanel - p);
            var whole = (p + count) * PackedMatrix.PanelRows <= w.Rows ? count : count - 1;
            var sums = new PanelSums(GemmScratch.Current.Sums(x.Count * count), x.Count, y + (p * PackedMatrix.PanelRows), stride, whole);
            if (form == PackedForms.Bytes)
                ByteProducts.Panels(path, w, p, count, x, sums);
            else if (form == PackedForms.Integer && path == KernelPath.Vnni)
                WordProducts.Panels(w, p, count, x, sums);
            else if (form == PackedForms.Integer)
                IntegerPanels(path, w, p, count, x, sums);
            else if (w.Format.IsQuantised())
                WidenedPanels(path, w, p, count, x, sums);
            else
                FloatPanels(path, w, p, count, x, sums);
            if (whole < count)
                sums.CopyRest(w.Rows % PackedMatrix.PanelRows);
        }
    }

    // These loops are long and called seldom: compiled fully from the first call, not after the first seconds.
    //
    // A chunk of a panel stays in the first-level cache while all tokens pass. The chain over the columns goes on from the sums so far, so chunks change no bit.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FloatPanels(KernelPath path, PackedMatrix w, int first, int count, PackedRows x, PanelSums sums)
    {
        var words = w.Format == WeightFormat.Float32 ? PackedMatrix.PanelRows : PackedMatrix.PanelRows / 2;
        // One tile widens halves in registers; more of them share a chunk that is widened once.
        var widened = w.Format == WeightFormat.Float16 && (x.Tiles > 1 || !w.IsFinite);
        var format = widened ? WeightFormat.Float32 : w.Format;
        var scratch = GemmScratch.Current;
        for (var column = 0; column < w.Columns; column += PackedRows.ChunkColumns)
        {
            var columns = Math.Min(PackedRows.ChunkColumns, w.Columns - column);
            for (var i = 0; i < count; i++)
            {
                var weights = w.Panel(first + i) + ((long)column * words);
                if (widened)
                {
                    if (w.IsFinite)
                        HalfChunk.Widen(weights, columns, scratch.Floats);
                    else
                        HalfChunk.WidenAny(weights, columns, scratch.Floats);
                    weights = (uint*)scratch.Floats;
                }

                var isLast = column + columns == w.Columns;
                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    var to = sums.Next(i, start, isLast, out var stride);
                    Tile(path, format, weights, x.At(start, column / PackedRows.ChunkColumns), columns, size, sums.At(i, start), to, stride, column == 0);
                }
            }
        }
    }

    // Quantised weights, float32 activations: each chunk is unpacked and widened once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WidenedPanels(KernelPath path, PackedMatrix w, int first, int count, PackedRows x, PanelSums sums)
    {
        var scratch = GemmScratch.Current;
        for (var chunk = 0; chunk < w.Chunks; chunk++)
        {
            for (var i = 0; i < count; i++)
            {
                w.Unpack(first + i, chunk, scratch.Chunk);
                Unpacking.ToFloat(scratch.Chunk, scratch.Floats);
                var isLast = chunk == w.Chunks - 1;
                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    var to = sums.Next(i, start, isLast, out var stride);
                    Tile(path, WeightFormat.Float32, (uint*)scratch.Floats, x.At(start, chunk), scratch.Chunk.Columns, size, sums.At(i, start), to, stride, chunk == 0);
                }
            }
        }
    }

    // Each chunk is unpacked once, or read where it lies by few tiles.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void IntegerPanels(KernelPath path, PackedMatrix w, int first, int count, PackedRows x, PanelSums sums)
    {
        var unpacked = GemmScratch.Current.Chunk;
        var direct = path != KernelPath.Portable && w.Format == WeightFormat.Q8_0 && x.Tiles <= DirectTiles;
        for (var chunk = 0; chunk < w.Chunks; chunk++)
        {
            var activations = x.Integers.Chunk(chunk);
            for (var i = 0; i < count; i++)
            {
                var packed = w.Chunk(first + i, chunk);
                if (direct)
                    Unpacking.Q80Scales(packed, w.ChunkColumns(chunk), unpacked);
                else
                    w.Unpack(first + i, chunk, unpacked);
                var next = w.ChunkAfter(first, count, i, chunk);
                var isLast = chunk == w.Chunks - 1;
                for (var tile = 0; tile < x.Tiles; tile++)
                {
                    var (start, size) = x.Tile(tile);
                    var to = sums.Next(i, start, isLast, out var stride);
                    IntegerTile(path, unpacked, direct ? packed : null, activations, start, size, sums.At(i, start), to, stride, chunk == 0, next + (Math.Min(tile, 1) * PanelLayout.PrefetchBytes));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void IntegerTile(KernelPath path, UnpackedChunk w, byte* bytes, IntegerChunk x, int start, int size, float* from, float* y, long stride, bool first, byte* next)
    {
        var pairs = x.Pairs(start);
        var sums = x.Sums(start);
        var scales = x.Scales(start);
        switch (path)
        {
            case KernelPath.Avx512 when bytes != null: IntegerTileAvx512.TileBytes(bytes, w, pairs, sums, scales, size, from, y, stride, first, next); break;
            case KernelPath.Avx512: IntegerTileAvx512.Tile(w, pairs, sums, scales, size, from, y, stride, first, next); break;
            case KernelPath.Avx2 when bytes != null: IntegerTileAvx2.TileBytes(bytes, w, pairs, sums, scales, size, from, y, stride, first, next); break;
            case KernelPath.Avx2: IntegerTileAvx2.Tile(w, pairs, sums, scales, size, from, y, stride, first, next); break;
            default: IntegerTilePortable.Tile(w, pairs, sums, scales, size, from, y, stride, first); break;
        }
    }

    private static void Tile(KernelPath path, WeightFormat format, uint* w, float* x, int k, int tokens, float* from, float* y, long stride, bool first)
    {
        switch (format)
        {
            case WeightFormat.BFloat16: Tile<BFloat16Panel>(path, w, x, k, tokens, from, y, stride, first); break;
            case WeightFormat.Float16: Tile<Float16Panel>(path, w, x, k, tokens, from, y, stride, first); break;
            default: Tile<Float32Panel>(path, w, x, k, tokens, from, y, stride, first); break;
        }
    }

    private static void Tile<TFormat>(KernelPath path, uint* w, float* x, int k, int tokens, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        switch (path)
        {
            case KernelPath.Vnni or KernelPath.Avx512: GemmAvx512.Tile<TFormat>(w, x, k, tokens, from, y, stride, first); break;
            case KernelPath.Avx2: GemmAvx2.Tile<TFormat>(w, x, k, tokens, from, y, stride, first); break;
            default: GemmPortable.Tile<TFormat>(w, x, k, tokens, from, y, stride, first); break;
        }
    }
}
