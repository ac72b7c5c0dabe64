using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// AVX2 tiles: the 32 rows of a panel in two passes of 16 (8 from the lower half, 8 from the upper) by 6, 4, 2 or 1 tokens: 12 accumulators,
/// 2 weight vectors and a broadcast fit the 16 registers.
/// </summary>
internal static unsafe class GemmAvx2
{
    private const int Row = PackedMatrix.PanelRows;

    /// <summary>As <see cref="GemmAvx512.Tile"/>.</summary>
    public static void Tile<TFormat>(uint* w, float* x, int k, int tokens, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        for (var part = 0; part < 2; part++)
        {
            switch (tokens)
            {
                case 6: Tile6<TFormat>(w, part, x, k, from + (8 * part), y + (8 * part), stride, first); break;
                case 4: Tile4<TFormat>(w, part, x, k, from + (8 * part), y + (8 * part), stride, first); break;
                case 2: Tile2<TFormat>(w, part, x, k, from + (8 * part), y + (8 * part), stride, first); break;
                default: Tile1<TFormat>(w, part, x, k, from + (8 * part), y + (8 * part), stride, first); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile6<TFormat>(uint* w, int part, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector256<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default, l4 = default, h4 = default, l5 = default, h5 = default;
        if (!first)
        {
            l0 = Vector256.Load(from);
            h0 = Vector256.Load(from + 16);
            l1 = Vector256.Load(from + Row);
            h1 = Vector256.Load(from + Row + 16);
            l2 = Vector256.Load(from + (2 * Row));
            h2 = Vector256.Load(from + (2 * Row) + 16);
            l3 = Vector256.Load(from + (3 * Row));
            h3 = Vector256.Load(from + (3 * Row) + 16);
            l4 = Vector256.Load(from + (4 * Row));
            h4 = Vector256.Load(from + (4 * Row) + 16);
            l5 = Vector256.Load(from + (5 * Row));
            h5 = Vector256.Load(from + (5 * Row) + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, part, out Vector256<float> low, out var high);
            var b = Vector256.Create(*(x));
            l0 = Fma.MultiplyAdd(low, b, l0);
            h0 = Fma.MultiplyAdd(high, b, h0);
            b = Vector256.Create(*(x + 1));
            l1 = Fma.MultiplyAdd(low, b, l1);
            h1 = Fma.MultiplyAdd(high, b, h1);
            b = Vector256.Create(*(x + 2));
            l2 = Fma.MultiplyAdd(low, b, l2);
            h2 = Fma.MultiplyAdd(high, b, h2);
            b = Vector256.Create(*(x + 3));
            l3 = Fma.MultiplyAdd(low, b, l3);
            h3 = Fma.MultiplyAdd(high, b, h3);
            b = Vector256.Create(*(x + 4));
            l4 = Fma.MultiplyAdd(low, b, l4);
            h4 = Fma.MultiplyAdd(high, b, h4);
            b = Vector256.Create(*(x + 5));
            l5 = Fma.MultiplyAdd(low, b, l5);
            h5 = Fma.MultiplyAdd(high, b, h5);
            w += TFormat.ColumnWords;
            x += 6;
        }

        Vector256.Store(l0, y);
        Vector256.Store(h0, y + 16);
        Vector256.Store(l1, y + stride);
        Vector256.Store(h1, y + stride + 16);
        Vector256.Store(l2, y + (2 * stride));
        Vector256.Store(h2, y + (2 * stride) + 16);
        Vector256.Store(l3, y + (3 * stride));
        Vector256.Store(h3, y + (3 * stride) + 16);
        Vector256.Store(l4, y + (4 * stride));
        Vector256.Store(h4, y + (4 * stride) + 16);
        Vector256.Store(l5, y + (5 * stride));
        Vector256.Store(h5, y + (5 * stride) + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile4<TFormat>(uint* w, int part, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector256<float> l0 = default, h0 = default, l1 = default, h1 = default, l2 = default, h2 = default, l3 = default, h3 = default;
        if (!first)
        {
            l0 = Vector256.Load(from);
            h0 = Vector256.Load(from + 16);
            l1 = Vector256.Load(from + Row);
            h1 = Vector256.Load(from + Row + 16);
            l2 = Vector256.Load(from + (2 * Row));
            h2 = Vector256.Load(from + (2 * Row) + 16);
            l3 = Vector256.Load(from + (3 * Row));
            h3 = Vector256.Load(from + (3 * Row) + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, part, out Vector256<float> low, out var high);
            var b = Vector256.Create(*(x));
            l0 = Fma.MultiplyAdd(low, b, l0);
            h0 = Fma.MultiplyAdd(high, b, h0);
            b = Vector256.Create(*(x + 1));
            l1 = Fma.MultiplyAdd(low, b, l1);
            h1 = Fma.MultiplyAdd(high, b, h1);
            b = Vector256.Create(*(x + 2));
            l2 = Fma.MultiplyAdd(low, b, l2);
            h2 = Fma.MultiplyAdd(high, b, h2);
            b = Vector256.Create(*(x + 3));
            l3 = Fma.MultiplyAdd(low, b, l3);
            h3 = Fma.MultiplyAdd(high, b, h3);
            w += TFormat.ColumnWords;
            x += 4;
        }

        Vector256.Store(l0, y);
        Vector256.Store(h0, y + 16);
        Vector256.Store(l1, y + stride);
        Vector256.Store(h1, y + stride + 16);
        Vector256.Store(l2, y + (2 * stride));
        Vector256.Store(h2, y + (2 * stride) + 16);
        Vector256.Store(l3, y + (3 * stride));
        Vector256.Store(h3, y + (3 * stride) + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile2<TFormat>(uint* w, int part, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector256<float> l0 = default, h0 = default, l1 = default, h1 = default;
        if (!first)
        {
            l0 = Vector256.Load(from);
            h0 = Vector256.Load(from + 16);
            l1 = Vector256.Load(from + Row);
            h1 = Vector256.Load(from + Row + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, part, out Vector256<float> low, out var high);
            var b = Vector256.Create(*(x));
            l0 = Fma.MultiplyAdd(low, b, l0);
            h0 = Fma.MultiplyAdd(high, b, h0);
            b = Vector256.Create(*(x + 1));
            l1 = Fma.MultiplyAdd(low, b, l1);
            h1 = Fma.MultiplyAdd(high, b, h1);
            w += TFormat.ColumnWords;
            x += 2;
        }

        Vector256.Store(l0, y);
        Vector256.Store(h0, y + 16);
        Vector256.Store(l1, y + stride);
        Vector256.Store(h1, y + stride + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Tile1<TFormat>(uint* w, int part, float* x, int k, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        Vector256<float> l0 = default, h0 = default;
        if (!first)
        {
            l0 = Vector256.Load(from);
            h0 = Vector256.Load(from + 16);
        }

        for (; k > 0; k--)
        {
            TFormat.Load(w, part, out Vector256<float> low, out var high);
            var b = Vector256.Create(*(x));
            l0 = Fma.MultiplyAdd(low, b, l0);
            h0 = Fma.MultiplyAdd(high, b, h0);
            w += TFormat.ColumnWords;
            x += 1;
        }

        Vector256.Store(l0, y);
        Vector256.Store(h0, y + 16);
    }
}
