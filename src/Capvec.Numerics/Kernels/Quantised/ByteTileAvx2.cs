using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Tiles with 8-bit activations on 256-bit vectors: 16 rows by two tokens at a time, with AVX-VNNI where there is any. The same bits as <see cref="Emitted.ByteTile"/>; for machines
/// where that cannot run.
/// </summary>
internal static unsafe class ByteTileAvx2
{
    private const int Pass = 16;

    /// <summary>One tile over one chunk.</summary>
    /// <param name="call">The tile, as the emitted kernels take it.</param>
    /// <param name="tokens">Tokens of the tile.</param>
    /// <param name="parts">Scales of 32 columns: 1, or 2 for 16 columns each.</param>
    public static void Tile(in TileCall call, int tokens, int parts)
    {
        for (var row = 0; row < PanelLayout.Rows; row += Pass)
        {
            for (var t = 0; t < tokens; t += 2)
                Two(call, tokens, parts, row, t, Math.Min(t + 1, tokens - 1));
        }
    }

    // The last token of an odd number stands in for its missing neighbour too.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(in TileCall call, int tokens, int parts, int row, int t, int u)
    {
        Vector256<float> tLow = default, tHigh = default, uLow = default, uHigh = default;
        if (call.First == 0)
        {
            (tLow, tHigh) = (Vector256.Load(At(call, t, row)), Vector256.Load(At(call, t, row) + 8));
            (uLow, uHigh) = (Vector256.Load(At(call, u, row)), Vector256.Load(At(call, u, row) + 8));
        }

        var w = call.Weights + (4 * row);
        var x = call.X;
        var blocks = (int)call.Blocks;
        for (var part = 0; part < blocks * parts; part++)
        {
            var offsets = call.Offsets + (part * tokens);
            Vector256<int> t0, t1, u0, u1;
            t0 = t1 = AvxVnni.IsSupported ? Vector256.Create(offsets[t]) : default;
            u0 = u1 = AvxVnni.IsSupported ? Vector256.Create(offsets[u]) : default;
            for (var quad = 8 / parts; quad > 0; quad--, w += 4 * PanelLayout.Rows, x += tokens)
            {
                var (low, high) = (Vector256.Load(w), Vector256.Load(w + 32));
                var (xt, xu) = (Vector256.Create(x[t]).AsSByte(), Vector256.Create(x[u]).AsSByte());
                (t0, t1, u0, u1) = (Add(t0, low, xt), Add(t1, high, xt), Add(u0, low, xu), Add(u1, high, xu));
            }

            var scales = call.Scales + (part * PanelLayout.Rows) + row;
            var (lowScale, highScale) = (Vector256.Load(scales), Vector256.Load(scales + 8));
            var xScales = call.XScales + (part / parts * tokens);
            var (ts, us) = (Vector256.Create(xScales[t]), Vector256.Create(xScales[u]));
            tLow = Fma.MultiplyAdd(Vector256.ConvertToSingle(t0) * ts, lowScale, tLow);
            tHigh = Fma.MultiplyAdd(Vector256.ConvertToSingle(t1) * ts, highScale, tHigh);
            uLow = Fma.MultiplyAdd(Vector256.ConvertToSingle(u0) * us, lowScale, uLow);
            uHigh = Fma.MultiplyAdd(Vector256.ConvertToSingle(u1) * us, highScale, uHigh);
        }

        for (var block = 0; block < blocks && call.Minima != null; block++)
        {
            var minima = call.Minima + (block * PanelLayout.Rows) + row;
            var (low, high) = (Vector256.Load(minima), Vector256.Load(minima + 8));
            var (ts, us) = (Vector256.Create(call.Sums[(block * tokens) + t]), Vector256.Create(call.Sums[(block * tokens) + u]));
            (tLow, tHigh) = (Fma.MultiplyAddNegated(ts, low, tLow), Fma.MultiplyAddNegated(ts, high, tHigh));
            (uLow, uHigh) = (Fma.MultiplyAddNegated(us, low, uLow), Fma.MultiplyAddNegated(us, high, uHigh));
        }

        Store(call, t, row, tLow, tHigh);
        Store(call, u, row, uLow, uHigh);
    }

    private static float* At(in TileCall call, int token, int row) => call.From + (token * PanelLayout.Rows) + row;

    private static void Store(in TileCall call, int token, int row, Vector256<float> low, Vector256<float> high)
    {
        var y = (float*)((byte*)call.Y + (token * call.Stride)) + row;
        Vector256.Store(low, y);
        Vector256.Store(high, y + 8);
    }

    // Without AVX-VNNI: |w| times x with w's sign, of which two products fit 16 bits (2 * 128 * 127).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, Vector256<byte> w, Vector256<sbyte> x)
    {
        if (AvxVnni.IsSupported)
            return AvxVnni.MultiplyWideningAndAdd(sum, w, x);
        var signed = (w ^ Vector256.Create((byte)128)).AsSByte();
        return sum + Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(Avx2.Abs(signed), Avx2.Sign(x, signed)), Vector256<short>.One);
    }
}
