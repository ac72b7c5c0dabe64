using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>A chunk of columns of a <see cref="WeightFormat.Float16"/> panel as float32 [columns][32 rows], for the float32 tiles: several tiles of tokens share the work of widening.</summary>
internal static unsafe class HalfChunk
{
    private const int Rows = PackedMatrix.PanelRows;

    /// <summary>Widens finite weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen(uint* from, int columns, float* to)
    {
        for (; columns > 0; columns--, from += Float16Panel.ColumnWords, to += Rows)
        {
            for (var part = 0; part < 2; part++)
            {
                Float16Panel.Load(from, part, out Vector256<float> low, out var high);
                Vector256.Store(low, to + (8 * part));
                Vector256.Store(high, to + (8 * part) + 16);
            }
        }
    }

    /// <summary>Widens any weights, one by one: for the broken matrices that hold infinities or NaN.</summary>
    public static void WidenAny(uint* from, int columns, float* to)
    {
        for (; columns > 0; columns--, from += Float16Panel.ColumnWords, to += Rows)
        {
            for (var lane = 0; lane < Rows / 2; lane++)
            {
                to[lane] = (float)BitConverter.UInt16BitsToHalf((ushort)from[lane]);
                to[lane + (Rows / 2)] = (float)BitConverter.UInt16BitsToHalf((ushort)(from[lane] >> 16));
            }
        }
    }
}
