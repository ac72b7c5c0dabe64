using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Integer tiles on AVX-512: 32 rows by 6, 4, 2 or 1 tokens over one chunk of 256 columns.
/// </summary>
/// <remarks>
/// <code>
/// i32 lane r  += w[r, 2p] x[2p] + w[r, 2p + 1] x[2p + 1]      16-bit weights and activations, one instruction (vpmaddwd); exact over a block
/// f32 lane r  += i32 lane r * scale[block, r]                 after each block
/// f32 lane r  -= minimum[block, r] * sum of x over the block  after all blocks of the chunk
/// y[t, r]     += f32 lane r * activation scale[chunk, t]      after the chunk
/// </code>
/// The first pair of a block is where its sums begin: nothing is set to zero and added to.
/// Every pair of columns, and every block once more, also asks for one cache line of the weights that come next: asked for all at once, or not at all, memory and arithmetic would
/// take turns; and lines that nobody asked for cost a wait each.
/// 12 integer and 12 float accumulators, 2 weight vectors and a broadcast: 27 of 32 registers. |x| is at most 16383 and |w| at most 4095, so 32 products stay below 2^31.
/// The order is fixed by the columns, so a row's bits do not depend on its tile.
/// </remarks>
internal static unsafe class IntegerTileAvx512
{
    private const int Row = PanelLayout.Rows;

    /// <summary>One tile over one chunk.</summary>
    /// <param name="w">The chunk's weights.</param>
    /// <param name="x">Activations [pairs][tokens].</param>
    /// <param name="sums">[blocks][tokens] sums of the activations.</param>
    /// <param name="xScales">[tokens] scales of the activations.</param>
    /// <param name="tokens">6, 4, 2 or 1.</param>
    /// <param name="from">[tokens][32] sums over the chunks before; not read where <paramref name="first"/>.</param>
    /// <param name="y">Where the sums with this chunk go; may be <paramref name="from"/>.</param>
    /// <param name="stride">Elements from one token of <paramref name="y"/> to the next.</param>
    /// <param name="first">Whether no chunk came before.</param>
    /// <param name="next">Weights to ask for meanwhile.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next) =>
        Tile<UnpackedPairs>((byte*)w.Values, w, x, sums, xScales, tokens, from, y, stride, first, next);

    /// <summary>The same, with the weights of a q8_0 chunk where they are in the panel; of <paramref name="w"/> only the scales are read.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void TileBytes(byte* chunk, UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next) =>
        Tile<BytePairs>(chunk, w, x, sums, xScales, tokens, from, y, stride, first, next);

    private static void Tile<T>(byte* values, UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        var minima = w.HasMinima ? w.Minima : null;
        switch (tokens)
        {
            case 6: Tile6<T>(values, w.Scales, minima, w.Blocks, w.PairsPerBlock, x, sums, xScales, from, y, stride, first, next); break;
            case 4: Tile4<T>(values, w.Scales, minima, w.Blocks, w.PairsPerBlock, x, sums, xScales, from, y, stride, first, next); break;
            case 2: Tile2<T>(values, w.Scales, minima, w.Blocks, w.PairsPerBlock, x, sums, xScales, from, y, stride, first, next); break;
            default: Tile1<T>(values, w.Scales, minima, w.Blocks, w.PairsPerBlock, x, sums, xScales, from, y, stride, first, next); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile6<T>(byte* w, float* scales, float* minima, int blocks, int pairs, int* x, float* sums, float* xScales, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        var minimumBlocks = blocks;
        Vector512<float> l0 = default, l1 = default, l2 = default, l3 = default, l4 = default, l5 = default;
        Vector512<float> h0 = default, h1 = default, h2 = default, h3 = default, h4 = default, h5 = default;
        for (; blocks > 0; blocks--)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 64;
            T.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x)).AsInt16();
            var li0 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi0 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 1)).AsInt16();
            var li1 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi1 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 2)).AsInt16();
            var li2 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi2 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 3)).AsInt16();
            var li3 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi3 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 4)).AsInt16();
            var li4 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi4 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 5)).AsInt16();
            var li5 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi5 = Avx512BW.MultiplyAddAdjacent(high, b);
            Sse.Prefetch1(next);
            next += 64;
            w += T.Bytes;
            x += 6;
            for (var p = pairs - 1; p > 0; p--)
            {
                T.Load(w, out low, out high);
                b = Vector512.Create(*(x)).AsInt16();
                li0 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi0 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 1)).AsInt16();
                li1 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi1 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 2)).AsInt16();
                li2 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi2 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 3)).AsInt16();
                li3 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi3 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 4)).AsInt16();
                li4 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi4 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 5)).AsInt16();
                li5 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi5 += Avx512BW.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 64;
                w += T.Bytes;
                x += 6;
            }

            var scale = Vector512.Load(scales);
            l0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li0), scale, l0);
            l1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li1), scale, l1);
            l2 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li2), scale, l2);
            l3 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li3), scale, l3);
            l4 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li4), scale, l4);
            l5 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li5), scale, l5);
            scale = Vector512.Load(scales + 16);
            h0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi0), scale, h0);
            h1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi1), scale, h1);
            h2 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi2), scale, h2);
            h3 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi3), scale, h3);
            h4 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi4), scale, h4);
            h5 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi5), scale, h5);
            scales += 32;
        }

        for (; minimumBlocks > 0 && minima != null; minimumBlocks--)
        {
            var scale = Vector512.Load(minima);
            l0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, l0);
            l1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, l1);
            l2 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 2)), scale, l2);
            l3 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 3)), scale, l3);
            l4 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 4)), scale, l4);
            l5 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 5)), scale, l5);
            scale = Vector512.Load(minima + 16);
            h0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, h0);
            h1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, h1);
            h2 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 2)), scale, h2);
            h3 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 3)), scale, h3);
            h4 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 4)), scale, h4);
            h5 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 5)), scale, h5);
            minima += 32;
            sums += 6;
        }

        Finish(l0, h0, *xScales, from, y, first);
        Finish(l1, h1, xScales[1], from + (1 * Row), y + (1 * stride), first);
        Finish(l2, h2, xScales[2], from + (2 * Row), y + (2 * stride), first);
        Finish(l3, h3, xScales[3], from + (3 * Row), y + (3 * stride), first);
        Finish(l4, h4, xScales[4], from + (4 * Row), y + (4 * stride), first);
        Finish(l5, h5, xScales[5], from + (5 * Row), y + (5 * stride), first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile4<T>(byte* w, float* scales, float* minima, int blocks, int pairs, int* x, float* sums, float* xScales, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        var minimumBlocks = blocks;
        Vector512<float> l0 = default, l1 = default, l2 = default, l3 = default;
        Vector512<float> h0 = default, h1 = default, h2 = default, h3 = default;
        for (; blocks > 0; blocks--)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 64;
            T.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x)).AsInt16();
            var li0 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi0 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 1)).AsInt16();
            var li1 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi1 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 2)).AsInt16();
            var li2 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi2 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 3)).AsInt16();
            var li3 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi3 = Avx512BW.MultiplyAddAdjacent(high, b);
            Sse.Prefetch1(next);
            next += 64;
            w += T.Bytes;
            x += 4;
            for (var p = pairs - 1; p > 0; p--)
            {
                T.Load(w, out low, out high);
                b = Vector512.Create(*(x)).AsInt16();
                li0 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi0 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 1)).AsInt16();
                li1 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi1 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 2)).AsInt16();
                li2 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi2 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 3)).AsInt16();
                li3 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi3 += Avx512BW.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 64;
                w += T.Bytes;
                x += 4;
            }

            var scale = Vector512.Load(scales);
            l0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li0), scale, l0);
            l1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li1), scale, l1);
            l2 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li2), scale, l2);
            l3 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li3), scale, l3);
            scale = Vector512.Load(scales + 16);
            h0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi0), scale, h0);
            h1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi1), scale, h1);
            h2 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi2), scale, h2);
            h3 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi3), scale, h3);
            scales += 32;
        }

        for (; minimumBlocks > 0 && minima != null; minimumBlocks--)
        {
            var scale = Vector512.Load(minima);
            l0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, l0);
            l1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, l1);
            l2 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 2)), scale, l2);
            l3 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 3)), scale, l3);
            scale = Vector512.Load(minima + 16);
            h0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, h0);
            h1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, h1);
            h2 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 2)), scale, h2);
            h3 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 3)), scale, h3);
            minima += 32;
            sums += 4;
        }

        Finish(l0, h0, *xScales, from, y, first);
        Finish(l1, h1, xScales[1], from + (1 * Row), y + (1 * stride), first);
        Finish(l2, h2, xScales[2], from + (2 * Row), y + (2 * stride), first);
        Finish(l3, h3, xScales[3], from + (3 * Row), y + (3 * stride), first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile2<T>(byte* w, float* scales, float* minima, int blocks, int pairs, int* x, float* sums, float* xScales, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        var minimumBlocks = blocks;
        Vector512<float> l0 = default, l1 = default;
        Vector512<float> h0 = default, h1 = default;
        for (; blocks > 0; blocks--)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 64;
            T.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x)).AsInt16();
            var li0 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi0 = Avx512BW.MultiplyAddAdjacent(high, b);
            b = Vector512.Create(*(x + 1)).AsInt16();
            var li1 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi1 = Avx512BW.MultiplyAddAdjacent(high, b);
            Sse.Prefetch1(next);
            next += 64;
            w += T.Bytes;
            x += 2;
            for (var p = pairs - 1; p > 0; p--)
            {
                T.Load(w, out low, out high);
                b = Vector512.Create(*(x)).AsInt16();
                li0 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi0 += Avx512BW.MultiplyAddAdjacent(high, b);
                b = Vector512.Create(*(x + 1)).AsInt16();
                li1 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi1 += Avx512BW.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 64;
                w += T.Bytes;
                x += 2;
            }

            var scale = Vector512.Load(scales);
            l0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li0), scale, l0);
            l1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li1), scale, l1);
            scale = Vector512.Load(scales + 16);
            h0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi0), scale, h0);
            h1 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi1), scale, h1);
            scales += 32;
        }

        for (; minimumBlocks > 0 && minima != null; minimumBlocks--)
        {
            var scale = Vector512.Load(minima);
            l0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, l0);
            l1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, l1);
            scale = Vector512.Load(minima + 16);
            h0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, h0);
            h1 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums + 1)), scale, h1);
            minima += 32;
            sums += 2;
        }

        Finish(l0, h0, *xScales, from, y, first);
        Finish(l1, h1, xScales[1], from + (1 * Row), y + (1 * stride), first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile1<T>(byte* w, float* scales, float* minima, int blocks, int pairs, int* x, float* sums, float* xScales, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        var minimumBlocks = blocks;
        Vector512<float> l0 = default;
        Vector512<float> h0 = default;
        for (; blocks > 0; blocks--)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 64;
            T.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x)).AsInt16();
            var li0 = Avx512BW.MultiplyAddAdjacent(low, b);
            var hi0 = Avx512BW.MultiplyAddAdjacent(high, b);
            Sse.Prefetch1(next);
            next += 64;
            w += T.Bytes;
            x += 1;
            for (var p = pairs - 1; p > 0; p--)
            {
                T.Load(w, out low, out high);
                b = Vector512.Create(*(x)).AsInt16();
                li0 += Avx512BW.MultiplyAddAdjacent(low, b);
                hi0 += Avx512BW.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 64;
                w += T.Bytes;
                x += 1;
            }

            var scale = Vector512.Load(scales);
            l0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(li0), scale, l0);
            scale = Vector512.Load(scales + 16);
            h0 = Avx512F.FusedMultiplyAdd(Avx512F.ConvertToVector512Single(hi0), scale, h0);
            scales += 32;
        }

        for (; minimumBlocks > 0 && minima != null; minimumBlocks--)
        {
            var scale = Vector512.Load(minima);
            l0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, l0);
            scale = Vector512.Load(minima + 16);
            h0 = Avx512F.FusedMultiplyAddNegated(Vector512.Create(*(sums)), scale, h0);
            minima += 32;
            sums += 1;
        }

        Finish(l0, h0, *xScales, from, y, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector512<float> low, Vector512<float> high, float scale, float* from, float* y, bool first)
    {
        var s = Vector512.Create(scale);
        if (first)
        {
            Vector512.Store(low * s, y);
            Vector512.Store(high * s, y + 16);
            return;
        }

        Vector512.Store(Avx512F.FusedMultiplyAdd(low, s, Vector512.Load(from)), y);
        Vector512.Store(Avx512F.FusedMultiplyAdd(high, s, Vector512.Load(from + 16)), y + 16);
    }
}
