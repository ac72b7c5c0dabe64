using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Engine.Network;

/// <summary>
/// The delta rule on a strip: 32 columns of one head's S, rows of the key dimension after one another [key dim, 32]. Columns are independent. Sums over the key dimension run in two chains,
/// even and odd rows, to hide the latency of the multiply-add; the order is the same for every token, whether the sweep before it has read for it or a sweep of its own.
/// </summary>
internal static unsafe class DeltaRuleStrip
{
    /// <summary>Columns of a strip.</summary>
    public const int Width = 32;

    /// <summary><c>exp(g) S^T k</c>: what S holds for a token's key.</summary>
    /// <param name="s">The strip.</param>
    /// <param name="k">[key dim].</param>
    /// <param name="decay">exp(g) of the token.</param>
    /// <param name="read">[32]: written.</param>
    /// <param name="dk">The key dimension.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(float* s, float* k, float decay, float* read, int dk)
    {
        var dec = Vector512.Create(decay);
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default;
        var i = 0;
        for (; i <= dk - 2; i += 2, s += 2 * Width)
        {
            var (k0, k1) = (Vector512.Create(k[i]), Vector512.Create(k[i + 1]));
            a0 = Vector512.FusedMultiplyAdd(Vector512.Load(s) * dec, k0, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Load(s + 16) * dec, k0, a1);
            b0 = Vector512.FusedMultiplyAdd(Vector512.Load(s + Width) * dec, k1, b0);
            b1 = Vector512.FusedMultiplyAdd(Vector512.Load(s + Width + 16) * dec, k1, b1);
        }

        if (i < dk)
        {
            var k0 = Vector512.Create(k[i]);
            a0 = Vector512.FusedMultiplyAdd(Vector512.Load(s) * dec, k0, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Load(s + 16) * dec, k0, a1);
        }

        Vector512.Store(a0 + b0, read);
        Vector512.Store(a1 + b1, read + 16);
    }

    /// <summary>One token, the last of its run: S is decayed, corrected and read with q.</summary>
    public static void Step(float* s, DeltaRuleToken token, float* read, float* o, int dk) => Columns<Alone>(s, token, null, 0, read, o, dk);

    /// <summary>One token as in <see cref="Step"/>, and in the same sweep <see cref="Read"/> for the next.</summary>
    public static void StepAndRead(float* s, DeltaRuleToken token, float* nextK, float nextDecay, float* read, float* o, int dk) => Columns<ReadsOn>(s, token, nextK, nextDecay, read, o, dk);

    // Eight sums of 16 lanes need the 32 registers of AVX-512; with 16 shorter ones, half of the columns at a time.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Columns<TNext>(float* s, DeltaRuleToken token, float* nextK, float nextDecay, float* read, float* o, int dk)
        where TNext : struct, IChoice
    {
        if (Vector512.IsHardwareAccelerated)
        {
            Sweep<TNext, AllColumns>(s, token, nextK, nextDecay, read, o, dk);
            return;
        }

        Sweep<TNext, HalfOfColumns>(s, token, nextK, nextDecay, read, o, dk);
        Sweep<TNext, HalfOfColumns>(s + 16, new DeltaRuleToken(token.Q, token.K, token.V + 16, token.Decay, token.Beta), nextK, nextDecay, read + 16, o + 16, dk);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sweep<TNext, TColumns>(float* s, DeltaRuleToken token, float* nextK, float nextDecay, float* read, float* o, int dk)
        where TNext : struct, IChoice
        where TColumns : struct, IChoice
    {
        var q = token.Q;
        var k = token.K;
        var dec = Vector512.Create(token.Decay);
        var next = Vector512.Create(nextDecay);
        var be = Vector512.Create(token.Beta);
        var d0 = (Vector512.Load(token.V) - Vector512.Load(read)) * be;
        var d1 = TColumns.Holds ? (Vector512.Load(token.V + 16) - Vector512.Load(read + 16)) * be : default;
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default;
        Vector512<float> e0 = default, e1 = default, f0 = default, f1 = default;
        var i = 0;
        for (; i <= dk - 2; i += 2, s += 2 * Width)
        {
            var (k0, k1) = (Vector512.Create(k[i]), Vector512.Create(k[i + 1]));
            var (q0, q1) = (Vector512.Create(q[i]), Vector512.Create(q[i + 1]));
            var (n0, n1) = TNext.Holds ? (Vector512.Create(nextK[i]), Vector512.Create(nextK[i + 1])) : default;
            var s00 = Vector512.FusedMultiplyAdd(k0, d0, Vector512.Load(s) * dec);
            var s10 = Vector512.FusedMultiplyAdd(k1, d0, Vector512.Load(s + Width) * dec);
            if (!TNext.Holds)
                Ahead<TColumns>(s + ((long)dk * Width));
            Vector512.Store(s00, s);
            Vector512.Store(s10, s + Width);
            a0 = Vector512.FusedMultiplyAdd(s00, q0, a0);
            b0 = Vector512.FusedMultiplyAdd(s10, q1, b0);
            if (TNext.Holds)
            {
                e0 = Vector512.FusedMultiplyAdd(s00 * next, n0, e0);
                f0 = Vector512.FusedMultiplyAdd(s10 * next, n1, f0);
            }

            if (!TColumns.Holds)
                continue;
            var s01 = Vector512.FusedMultiplyAdd(k0, d1, Vector512.Load(s + 16) * dec);
            var s11 = Vector512.FusedMultiplyAdd(k1, d1, Vector512.Load(s + Width + 16) * dec);
            Vector512.Store(s01, s + 16);
            Vector512.Store(s11, s + Width + 16);
            a1 = Vector512.FusedMultiplyAdd(s01, q0, a1);
            b1 = Vector512.FusedMultiplyAdd(s11, q1, b1);
            if (TNext.Holds)
            {
                e1 = Vector512.FusedMultiplyAdd(s01 * next, n0, e1);
                f1 = Vector512.FusedMultiplyAdd(s11 * next, n1, f1);
            }
        }

        if (i < dk)
        {
            var (k0, q0) = (Vector512.Create(k[i]), Vector512.Create(q[i]));
            var n0 = TNext.Holds ? Vector512.Create(nextK[i]) : default;
            var s00 = Vector512.FusedMultiplyAdd(k0, d0, Vector512.Load(s) * dec);
            Vector512.Store(s00, s);
            a0 = Vector512.FusedMultiplyAdd(s00, q0, a0);
            if (TNext.Holds)
                e0 = Vector512.FusedMultiplyAdd(s00 * next, n0, e0);
            if (TColumns.Holds)
            {
                var s01 = Vector512.FusedMultiplyAdd(k0, d1, Vector512.Load(s + 16) * dec);
                Vector512.Store(s01, s + 16);
                a1 = Vector512.FusedMultiplyAdd(s01, q0, a1);
                if (TNext.Holds)
                    e1 = Vector512.FusedMultiplyAdd(s01 * next, n0, e1);
            }
        }

        Vector512.Store(a0 + b0, o);
        if (TNext.Holds)
            Vector512.Store(e0 + f0, read);
        if (!TColumns.Holds)
            return;
        Vector512.Store(a1 + b1, o + 16);
        if (TNext.Holds)
            Vector512.Store(e1 + f1, read + 16);
    }

    // The strip that comes next: in decoding, S comes from memory. Between tokens of a run the strip stays where it is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead<TColumns>(float* s)
        where TColumns : struct, IChoice
    {
        if (!Sse.IsSupported)
            return;
        Sse.Prefetch0(s);
        Sse.Prefetch0(s + Width);
        if (!TColumns.Holds)
            return;
        Sse.Prefetch0(s + 16);
        Sse.Prefetch0(s + Width + 16);
    }

    // A constant in each compiled sweep: whether it reads for the next token, whether it takes all 32 columns.
    private interface IChoice
    {
        static abstract bool Holds { get; }
    }

    private readonly struct Alone : IChoice
    {
        public static bool Holds => false;
    }

    private readonly struct ReadsOn : IChoice
    {
        public static bool Holds => true;
    }

    private readonly struct HalfOfColumns : IChoice
    {
        public static bool Holds => false;
    }

    private readonly struct AllColumns : IChoice
    {
        public static bool Holds => true;
    }
}
