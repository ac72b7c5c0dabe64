using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Integer tiles on AVX2: the 32 rows in two passes of 16 by 6, 4, 2 or 1 tokens. The same operations in the same order as <see cref="IntegerTileAvx512"/>, so the same bits.
/// </summary>
/// <remarks>
/// 12 integer accumulators, 2 weight vectors and a broadcast: 15 of 16 registers. The float accumulators, needed once a block, are in memory. Each pass asks for half of the weights that come next.
/// </remarks>
internal static unsafe class IntegerTileAvx2
{
    private const int Row = PanelLayout.Rows;
    private const int Pass = 16;

    /// <summary>As <see cref="IntegerTileAvx512.Tile(UnpackedChunk, int*, float*, float*, int, float*, float*, long, bool, byte*)"/>.</summary>
    public static void Tile(UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next) =>
        Tile<UnpackedPairs>((byte*)w.Values, w, x, sums, xScales, tokens, from, y, stride, first, next);

    /// <summary>The same, with the weights of a q8_0 chunk where they are in the panel; of <paramref name="w"/> only the scales are read.</summary>
    public static void TileBytes(byte* chunk, UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next) =>
        Tile<BytePairs>(chunk, w, x, sums, xScales, tokens, from, y, stride, first, next);

    private static void Tile<T>(byte* values, UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next)
        where T : struct, IWeightPairs
    {
        // [tokens][16] of one pass.
        var floats = stackalloc float[6 * Pass];
        for (var part = 0; part < 2; part++)
        {
            var pass = values + (part * T.Bytes / 2);
            var scales = w.Scales + (part * Pass);
            switch (tokens)
            {
                case 6: Sum6<T>(pass, scales, w.Blocks, w.PairsPerBlock, x, floats, next); break;
                case 4: Sum4<T>(pass, scales, w.Blocks, w.PairsPerBlock, x, floats, next); break;
                case 2: Sum2<T>(pass, scales, w.Blocks, w.PairsPerBlock, x, floats, next); break;
                default: Sum1<T>(pass, scales, w.Blocks, w.PairsPerBlock, x, floats, next); break;
            }

            Finish(floats, w.HasMinima ? w.Minima + (part * Pass) : null, w.Blocks, sums, tokens, xScales, from + (part * Pass), y + (part * Pass), stride, first);
            next += PanelLayout.PrefetchBytes / 2;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum6<T>(byte* w, float* scales, int blocks, int pairs, int* x, float* floats, byte* next)
        where T : struct, IWeightPairs
    {
        Clear(floats, 6);
        for (; blocks > 0; blocks--, scales += Row)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 32;
            Vector256<int> l0 = default, l1 = default, l2 = default, l3 = default, l4 = default, l5 = default;
            Vector256<int> h0 = default, h1 = default, h2 = default, h3 = default, h4 = default, h5 = default;
            for (var p = pairs; p > 0; p--)
            {
                T.LoadPass(w, out var low, out var high);
                var b = Vector256.Create(*x).AsInt16();
                l0 += Avx2.MultiplyAddAdjacent(low, b);
                h0 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[1]).AsInt16();
                l1 += Avx2.MultiplyAddAdjacent(low, b);
                h1 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[2]).AsInt16();
                l2 += Avx2.MultiplyAddAdjacent(low, b);
                h2 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[3]).AsInt16();
                l3 += Avx2.MultiplyAddAdjacent(low, b);
                h3 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[4]).AsInt16();
                l4 += Avx2.MultiplyAddAdjacent(low, b);
                h4 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[5]).AsInt16();
                l5 += Avx2.MultiplyAddAdjacent(low, b);
                h5 += Avx2.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 32;
                w += T.Bytes;
                x += 6;
            }

            Add(l0, h0, scales, floats);
            Add(l1, h1, scales, floats + (1 * Pass));
            Add(l2, h2, scales, floats + (2 * Pass));
            Add(l3, h3, scales, floats + (3 * Pass));
            Add(l4, h4, scales, floats + (4 * Pass));
            Add(l5, h5, scales, floats + (5 * Pass));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum4<T>(byte* w, float* scales, int blocks, int pairs, int* x, float* floats, byte* next)
        where T : struct, IWeightPairs
    {
        Clear(floats, 4);
        for (; blocks > 0; blocks--, scales += Row)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 32;
            Vector256<int> l0 = default, l1 = default, l2 = default, l3 = default;
            Vector256<int> h0 = default, h1 = default, h2 = default, h3 = default;
            for (var p = pairs; p > 0; p--)
            {
                T.LoadPass(w, out var low, out var high);
                var b = Vector256.Create(*x).AsInt16();
                l0 += Avx2.MultiplyAddAdjacent(low, b);
                h0 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[1]).AsInt16();
                l1 += Avx2.MultiplyAddAdjacent(low, b);
                h1 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[2]).AsInt16();
                l2 += Avx2.MultiplyAddAdjacent(low, b);
                h2 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[3]).AsInt16();
                l3 += Avx2.MultiplyAddAdjacent(low, b);
                h3 += Avx2.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 32;
                w += T.Bytes;
                x += 4;
            }

            Add(l0, h0, scales, floats);
            Add(l1, h1, scales, floats + (1 * Pass));
            Add(l2, h2, scales, floats + (2 * Pass));
            Add(l3, h3, scales, floats + (3 * Pass));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum2<T>(byte* w, float* scales, int blocks, int pairs, int* x, float* floats, byte* next)
        where T : struct, IWeightPairs
    {
        Clear(floats, 2);
        for (; blocks > 0; blocks--, scales += Row)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 32;
            Vector256<int> l0 = default, l1 = default;
            Vector256<int> h0 = default, h1 = default;
            for (var p = pairs; p > 0; p--)
            {
                T.LoadPass(w, out var low, out var high);
                var b = Vector256.Create(*x).AsInt16();
                l0 += Avx2.MultiplyAddAdjacent(low, b);
                h0 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(x[1]).AsInt16();
                l1 += Avx2.MultiplyAddAdjacent(low, b);
                h1 += Avx2.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 32;
                w += T.Bytes;
                x += 2;
            }

            Add(l0, h0, scales, floats);
            Add(l1, h1, scales, floats + (1 * Pass));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Sum1<T>(byte* w, float* scales, int blocks, int pairs, int* x, float* floats, byte* next)
        where T : struct, IWeightPairs
    {
        Clear(floats, 1);
        for (; blocks > 0; blocks--, scales += Row)
        {
            w += T.Header;
            Sse.Prefetch1(next);
            next += 32;
            Vector256<int> l0 = default;
            Vector256<int> h0 = default;
            for (var p = pairs; p > 0; p--)
            {
                T.LoadPass(w, out var low, out var high);
                var b = Vector256.Create(*x).AsInt16();
                l0 += Avx2.MultiplyAddAdjacent(low, b);
                h0 += Avx2.MultiplyAddAdjacent(high, b);
                Sse.Prefetch1(next);
                next += 32;
                w += T.Bytes;
                x += 1;
            }

            Add(l0, h0, scales, floats);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Clear(float* floats, int tokens)
    {
        for (var i = 0; i < tokens * Pass; i += 8)
            Vector256.Store(Vector256<float>.Zero, floats + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector256<int> low, Vector256<int> high, float* scales, float* floats)
    {
        Vector256.Store(Fma.MultiplyAdd(Avx.ConvertToVector256Single(low), Vector256.Load(scales), Vector256.Load(floats)), floats);
        Vector256.Store(Fma.MultiplyAdd(Avx.ConvertToVector256Single(high), Vector256.Load(scales + 8), Vector256.Load(floats + 8)), floats + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Finish(float* floats, float* minima, int blocks, float* sums, int tokens, float* xScales, float* from, float* y, long stride, bool first)
    {
        for (var t = 0; t < tokens; t++, floats += Pass, from += Row, y += stride)
        {
            var (low, high) = (Vector256.Load(floats), Vector256.Load(floats + 8));
            for (var block = 0; minima != null && block < blocks; block++)
            {
                var sum = Vector256.Create(sums[(block * tokens) + t]);
                low = Fma.MultiplyAddNegated(sum, Vector256.Load(minima + (block * Row)), low);
                high = Fma.MultiplyAddNegated(sum, Vector256.Load(minima + (block * Row) + 8), high);
            }

            var s = Vector256.Create(xScales[t]);
            Vector256.Store(first ? low * s : Fma.MultiplyAdd(low, s, Vector256.Load(from)), y);
            Vector256.Store(first ? high * s : Fma.MultiplyAdd(high, s, Vector256.Load(from + 8)), y + 8);
        }
    }
}
