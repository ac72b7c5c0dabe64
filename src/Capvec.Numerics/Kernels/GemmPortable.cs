using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>Tiles for any machine: 8 rows (4 + 4) by one token at a time, multiply then add, with 128-bit vectors where there are any.</summary>
internal static unsafe class GemmPortable
{
    /// <summary>As <see cref="GemmAvx512.Tile"/>.</summary>
    public static void Tile<TFormat>(uint* w, float* x, int k, int tokens, float* from, float* y, long stride, bool first)
        where TFormat : struct, IPanelFormat
    {
        for (var t = 0; t < tokens; t++)
        {
            for (var part = 0; part < 4; part++)
            {
                var to = y + (t * stride) + (4 * part);
                var sums = from + (t * PackedMatrix.PanelRows) + (4 * part);
                var (l, h) = first ? (default, default) : (Vector128.Load(sums), Vector128.Load(sums + 16));
                var column = w;
                for (var i = 0; i < k; i++, column += TFormat.ColumnWords)
                {
                    TFormat.Load(column, part, out Vector128<float> low, out var high);
                    var b = Vector128.Create(x[((long)i * tokens) + t]);
                    l += low * b;
                    h += high * b;
                }

                Vector128.Store(l, to);
                Vector128.Store(h, to + 16);
            }
        }
    }
}
