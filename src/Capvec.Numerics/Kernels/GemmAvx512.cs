using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// AVX-512 tiles: 32 rows (two vectors of 16 lanes, lane i = row i and row i + 16) by 6, 4, 2 or 1 tokens.
/// </summary>
/// <remarks>
/// <code>
///              token 0 .. 5 (broadcast from the packed tile, one after the other)
/// rows  0..15  l0      .. l5        12 accumulators + 2 weight vectors + 1 broadcast = 15 of 32 registers,
/// rows 16..31  h0      .. h5        enough independent chains to hide the latency of the fused multiply-add.
/// </code>
/// Tokens beyond the tile do not exist in the packed rows, so nothing has to be masked.
/// </remarks>
internal static unsafe class GemmAvx512
{
    private const int Row = PackedMatrix.PanelRows;

    /// <summary>One tile of one chunk of columns.</summary>
    /// <param name="w">The weights of a panel, <paramref name="k"/> columns.</param>
    /// <param name="x">[columns][tokens].</param>
    /// <param name="k">Columns.</param>
    /// <param name="tokens">6, 4, 2 or 1.</param>
    /// <param name="from">[tokens][32] sums so far; not read where this is the first chunk.</param>
    /// <param name="y">[tokens, stride] sums, written; may be <paramref name="from"/>.</param>
    /// <param name="stride">Elements from one row of <paramref name="y"/> to the next.</param>
    /// <param name="first">Whether the sums begin here.</param>
    public static void Tile<TFormat>(uint* w, float* x, int k, int tokens, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        switch (tokens)
        {
            case 6: Tile6<TFormat>(w, x, k, from, y, stride, first); break;
            case 4: Tile4<TFormat>(w, x, k, from, y, stride, first); break;
            case 2: Tile2<TFormat>(w, x, k, from, y, stride, first); break;
            default: Tile1<TFormat>(w, x, k, from, y, stride, first); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile6<TFormat>(uint* w, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector512<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default, l4 = default, h4 = default, l5 = default, h5 = default;
        if (!first)
        {
            l0 = Vector512.Load(from);
            h0 = Vector512.Load(from + 16);
            l1 = Vector512.Load(from + Row);
            h1 = Vector512.Load(from + Row + 16);
            l2 = Vector512.Load(from + (2 * Row));
            h2 = Vector512.Load(from + (2 * Row) + 16);
            l3 = Vector512.Load(from + (3 * Row));
            h3 = Vector512.Load(from + (3 * Row) + 16);
            l4 = Vector512.Load(from + (4 * Row));
            h4 = Vector512.Load(from + (4 * Row) + 16);
            l5 = Vector512.Load(from + (5 * Row));
            h5 = Vector512.Load(from + (5 * Row) + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x));
            l0 = Avx512F.FusedMultiplyAdd(low, b, l0);
            h0 = Avx512F.FusedMultiplyAdd(high, b, h0);
            b = Vector512.Create(*(x + 1));
            l1 = Avx512F.FusedMultiplyAdd(low, b, l1);
            h1 = Avx512F.FusedMultiplyAdd(high, b, h1);
            b = Vector512.Create(*(x + 2));
            l2 = Avx512F.FusedMultiplyAdd(low, b, l2);
            h2 = Avx512F.FusedMultiplyAdd(high, b, h2);
            b = Vector512.Create(*(x + 3));
            l3 = Avx512F.FusedMultiplyAdd(low, b, l3);
            h3 = Avx512F.FusedMultiplyAdd(high, b, h3);
            b = Vector512.Create(*(x + 4));
            l4 = Avx512F.FusedMultiplyAdd(low, b, l4);
            h4 = Avx512F.FusedMultiplyAdd(high, b, h4);
            b = Vector512.Create(*(x + 5));
            l5 = Avx512F.FusedMultiplyAdd(low, b, l5);
            h5 = Avx512F.FusedMultiplyAdd(high, b, h5);
            w += TFormat.ColumnWords;
            x += 6;
        }

        Vector512.Store(l0, y);
        Vector512.Store(h0, y + 16);
        Vector512.Store(l1, y + stride);
        Vector512.Store(h1, y + stride + 16);
        Vector512.Store(l2, y + (2 * stride));
        Vector512.Store(h2, y + (2 * stride) + 16);
        Vector512.Store(l3, y + (3 * stride));
        Vector512.Store(h3, y + (3 * stride) + 16);
        Vector512.Store(l4, y + (4 * stride));
        Vector512.Store(h4, y + (4 * stride) + 16);
        Vector512.Store(l5, y + (5 * stride));
        Vector512.Store(h5, y + (5 * stride) + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile4<TFormat>(uint* w, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector512<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default;
        if (!first)
        {
            l0 = Vector512.Load(from);
            h0 = Vector512.Load(from + 16);
            l1 = Vector512.Load(from + Row);
            h1 = Vector512.Load(from + Row + 16);
            l2 = Vector512.Load(from + (2 * Row));
            h2 = Vector512.Load(from + (2 * Row) + 16);
            l3 = Vector512.Load(from + (3 * Row));
            h3 = Vector512.Load(from + (3 * Row) + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x));
            l0 = Avx512F.FusedMultiplyAdd(low, b, l0);
            h0 = Avx512F.FusedMultiplyAdd(high, b, h0);
            b = Vector512.Create(*(x + 1));
            l1 = Avx512F.FusedMultiplyAdd(low, b, l1);
            h1 = Avx512F.FusedMultiplyAdd(high, b, h1);
            b = Vector512.Create(*(x + 2));
            l2 = Avx512F.FusedMultiplyAdd(low, b, l2);
            h2 = Avx512F.FusedMultiplyAdd(high, b, h2);
            b = Vector512.Create(*(x + 3));
            l3 = Avx512F.FusedMultiplyAdd(low, b, l3);
            h3 = Avx512F.FusedMultiplyAdd(high, b, h3);
            w += TFormat.ColumnWords;
            x += 4;
        }

        Vector512.Store(l0, y);
        Vector512.Store(h0, y + 16);
        Vector512.Store(l1, y + stride);
        Vector512.Store(h1, y + stride + 16);
        Vector512.Store(l2, y + (2 * stride));
        Vector512.Store(h2, y + (2 * stride) + 16);
        Vector512.Store(l3, y + (3 * stride));
        Vector512.Store(h3, y + (3 * stride) + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile2<TFormat>(uint* w, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector512<float> l0 = default, h0 = default, l1 = default, h1 = default;
        if (!first)
        {
            l0 = Vector512.Load(from);
            h0 = Vector512.Load(from + 16);
            l1 = Vector512.Load(from + Row);
            h1 = Vector512.Load(from + Row + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x));
            l0 = Avx512F.FusedMultiplyAdd(low, b, l0);
            h0 = Avx512F.FusedMultiplyAdd(high, b, h0);
            b = Vector512.Create(*(x + 1));
            l1 = Avx512F.FusedMultiplyAdd(low, b, l1);
            h1 = Avx512F.FusedMultiplyAdd(high, b, h1);
            w += TFormat.ColumnWords;
            x += 2;
        }

        Vector512.Store(l0, y);
        Vector512.Store(h0, y + 16);
        Vector512.Store(l1, y + stride);
        Vector512.Store(h1, y + stride + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile1<TFormat>(uint* w, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector512<float> l0 = default, h0 = default;
        if (!first)
        {
            l0 = Vector512.Load(from);
            h0 = Vector512.Load(from + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, out var low, out var high);
            var b = Vector512.Create(*(x));
            l0 = Avx512F.FusedMultiplyAdd(low, b, l0);
            h0 = Avx512F.FusedMultiplyAdd(high, b, h0);
            w += TFormat.ColumnWords;
            x += 1;
        }

        Vector512.Store(l0, y);
        Vector512.Store(h0, y + 16);
    }
}
