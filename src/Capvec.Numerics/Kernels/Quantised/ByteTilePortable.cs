using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Tiles with 8-bit activations for any machine: 4 rows by one token; multiplies, then adds.</summary>
internal static unsafe class ByteTilePortable
{
    /// <summary>As <see cref="ByteTileAvx2.Tile"/>.</summary>
    public static void Tile(in TileCall call, int tokens, int parts)
    {
        for (var t = 0; t < tokens; t++)
        {
            for (var row = 0; row < PanelLayout.Rows; row += 4)
            {
                var sum = call.First != 0 ? Vector128<float>.Zero : Vector128.Load(call.From + (t * PanelLayout.Rows) + row);
                Vector128.Store(Rows(call, tokens, parts, row, t, sum), (float*)((byte*)call.Y + (t * call.Stride)) + row);
            }
        }
    }

    private static Vector128<float> Rows(in TileCall call, int tokens, int parts, int row, int t, Vector128<float> sum)
    {
        var w = call.Weights + (4 * row);
        var x = call.X + t;
        for (var part = 0; part < call.Blocks * parts; part++)
        {
            var acc = Vector128.Create(call.Offsets[(part * tokens) + t]);
            for (var quad = 8 / parts; quad > 0; quad--, w += 4 * PanelLayout.Rows, x += tokens)
            {
                var four = Vector128.Load((uint*)w);
                for (var i = 0; i < 32; i += 8)
                    acc += ((four >>> i) & Vector128.Create(255u)).AsInt32() * Vector128.Create((int)(sbyte)(*x >> i));
            }

            var scaled = Vector128.ConvertToSingle(acc) * Vector128.Create(call.XScales[(part / parts * tokens) + t]);
            sum += scaled * Vector128.Load(call.Scales + (part * PanelLayout.Rows) + row);
        }

        for (var block = 0; block < call.Blocks && call.Minima != null; block++)
            sum -= Vector128.Create(call.Sums[(block * tokens) + t]) * Vector128.Load(call.Minima + (block * PanelLayout.Rows) + row);
        return sum;
    }
}
