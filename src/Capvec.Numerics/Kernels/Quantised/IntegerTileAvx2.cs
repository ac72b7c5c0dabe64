using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Integer tiles on AVX2: the 32 rows in two passes of 16, two tokens or one at a time: 4 integer and 4 float accumulators. The same operations in the same order as
/// <see cref="IntegerTileAvx512"/>, so the same bits.
/// </summary>
internal static unsafe class IntegerTileAvx2
{
    public static void Tile(UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first)
    {
        for (var part = 0; part < 2; part++)
        {
            var t = 0;
            for (; t < tokens - 1; t += 2)
                Tile2(w, part, x + t, tokens, sums + t, xScales + t, from + (t * PanelLayout.Rows), y + (t * stride), stride, first);
            if (t < tokens)
                Tile1(w, part, x + t, tokens, sums + t, xScales + t, from + (t * PanelLayout.Rows), y + (t * stride), first);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile2(UnpackedChunk c, int part, int* x, int tokens, float* sums, float* xScales, float* from, float* y, long stride, bool first)
    {
        var w = c.Values + (32 * part);
        Vector256<float> l0 = default, h0 = default, l1 = default, h1 = default;
        for (var block = 0; block < c.Blocks; block++)
        {
            Vector256<int> li0 = default, hi0 = default, li1 = default, hi1 = default;
            for (var p = c.PairsPerBlock; p > 0; p--)
            {
                var low = Vector256.Load(w);
                var high = Vector256.Load(w + 16);
                var b = Vector256.Create(*(x)).AsInt16();
                li0 += Avx2.MultiplyAddAdjacent(low, b);
                hi0 += Avx2.MultiplyAddAdjacent(high, b);
                b = Vector256.Create(*(x + 1)).AsInt16();
                li1 += Avx2.MultiplyAddAdjacent(low, b);
                hi1 += Avx2.MultiplyAddAdjacent(high, b);
                w += 64;
                x += tokens;
            }

            var at = (block * PanelLayout.Rows) + (16 * part);
            var (ls, hs) = (Vector256.Load(c.Scales + at), Vector256.Load(c.Scales + at + 8));
            l0 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(li0), ls, l0);
            h0 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(hi0), hs, h0);
            l1 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(li1), ls, l1);
            h1 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(hi1), hs, h1);
        }

        for (var block = 0; block < c.Blocks && c.HasMinima; block++)
        {
            var at = (block * PanelLayout.Rows) + (16 * part);
            var (ls, hs) = (Vector256.Load(c.Minima + at), Vector256.Load(c.Minima + at + 8));
            var sum = Vector256.Create(sums[(block * tokens)]);
            l0 = Fma.MultiplyAddNegated(sum, ls, l0);
            h0 = Fma.MultiplyAddNegated(sum, hs, h0);
            sum = Vector256.Create(sums[(block * tokens) + 1]);
            l1 = Fma.MultiplyAddNegated(sum, ls, l1);
            h1 = Fma.MultiplyAddNegated(sum, hs, h1);
        }

        Finish(l0, xScales[0], from + (16 * part), y + (16 * part), first);
        Finish(h0, xScales[0], from + (16 * part) + 8, y + (16 * part) + 8, first);
        Finish(l1, xScales[1], from + PanelLayout.Rows + (16 * part), y + stride + (16 * part), first);
        Finish(h1, xScales[1], from + PanelLayout.Rows + (16 * part) + 8, y + stride + (16 * part) + 8, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile1(UnpackedChunk c, int part, int* x, int tokens, float* sums, float* xScales, float* from, float* y, bool first)
    {
        var w = c.Values + (32 * part);
        Vector256<float> l0 = default, h0 = default;
        for (var block = 0; block < c.Blocks; block++)
        {
            Vector256<int> li0 = default, hi0 = default;
            for (var p = c.PairsPerBlock; p > 0; p--)
            {
                var low = Vector256.Load(w);
                var high = Vector256.Load(w + 16);
                var b = Vector256.Create(*(x)).AsInt16();
                li0 += Avx2.MultiplyAddAdjacent(low, b);
                hi0 += Avx2.MultiplyAddAdjacent(high, b);
                w += 64;
                x += tokens;
            }

            var at = (block * PanelLayout.Rows) + (16 * part);
            var (ls, hs) = (Vector256.Load(c.Scales + at), Vector256.Load(c.Scales + at + 8));
            l0 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(li0), ls, l0);
            h0 = Fma.MultiplyAdd(Avx.ConvertToVector256Single(hi0), hs, h0);
        }

        for (var block = 0; block < c.Blocks && c.HasMinima; block++)
        {
            var at = (block * PanelLayout.Rows) + (16 * part);
            var (ls, hs) = (Vector256.Load(c.Minima + at), Vector256.Load(c.Minima + at + 8));
            var sum = Vector256.Create(sums[(block * tokens)]);
            l0 = Fma.MultiplyAddNegated(sum, ls, l0);
            h0 = Fma.MultiplyAddNegated(sum, hs, h0);
        }

        Finish(l0, xScales[0], from + (16 * part), y + (16 * part), first);
        Finish(h0, xScales[0], from + (16 * part) + 8, y + (16 * part) + 8, first);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(Vector256<float> sum, float scale, float* from, float* y, bool first)
    {
        var s = Vector256.Create(scale);
        Vector256.Store(first ? sum * s : Fma.MultiplyAdd(sum, s, Vector256.Load(from)), y);
    }
}
