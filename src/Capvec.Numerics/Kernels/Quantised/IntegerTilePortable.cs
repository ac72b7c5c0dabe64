using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Integer tiles for any machine: 4 rows by one token, with 128-bit vectors where there are any; multiplies, then adds.</summary>
internal static unsafe class IntegerTilePortable
{
    public static void Tile(UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first)
    {
        for (var t = 0; t < tokens; t++)
        {
            for (var part = 0; part < PanelLayout.Rows / 4; part++)
            {
                var sum = Rows(w, part, x + t, sums + t, tokens) * Vector128.Create(xScales[t]);
                var to = y + (t * stride) + (4 * part);
                Vector128.Store(first ? sum : Vector128.Load(from + (t * PanelLayout.Rows) + (4 * part)) + sum, to);
            }
        }
    }

    private static Vector128<float> Rows(UnpackedChunk c, int part, int* x, float* sums, int tokens)
    {
        var w = c.Values + (8 * part);
        var total = Vector128<float>.Zero;
        for (var block = 0; block < c.Blocks; block++)
        {
            var acc = Vector128<int>.Zero;
            for (var p = 0; p < c.PairsPerBlock; p++, w += 64, x += tokens)
            {
                var pair = Vector128.Load((int*)w);
                acc += (((pair << 16) >> 16) * Vector128.Create((*x << 16) >> 16)) + ((pair >> 16) * Vector128.Create(*x >> 16));
            }

            var at = (block * PanelLayout.Rows) + (4 * part);
            total += Vector128.ConvertToSingle(acc) * Vector128.Load(c.Scales + at);
        }

        for (var block = 0; block < c.Blocks && c.HasMinima; block++)
            total -= Vector128.Create(sums[block * tokens]) * Vector128.Load(c.Minima + (block * PanelLayout.Rows) + (4 * part));

        return total;
    }
}
