using System.Runtime.Intrinsics;
using Capvec.Engine.Batching;
using Capvec.Engine.Layers;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Network;

/// <summary>
/// The gated delta rule: a causal convolution, then for each value head a matrix S [key dim, value dim] that is decayed, corrected and read a token at a time:
/// <code>
/// q, k, v = silu(conv(W_qkv u))         q, k &lt;- q / |q|, k / |k|;  q &lt;- q / sqrt(dk)
/// beta = sigmoid(W_b u)                 g = -exp(A_log) softplus(W_a u + dt_bias)
/// S &lt;- exp(g) S;  S &lt;- S + k (beta (v - S^T k))^T;  o = S^T q
/// out = RMSNorm(o) w * silu(W_z u)
/// </code>
/// Tokens of a sequence are taken one after the other in prefill and in decoding alike, so both give the same bits.
/// </summary>
internal sealed unsafe class DeltaRuleMixer : IDisposable
{
    private const float UnitEpsilon = 1e-6f;
    private readonly ModelConfig _c;
    private readonly NativeBuffer<float> _convolved = new(0);

    public DeltaRuleMixer(ModelConfig config) => _c = config;

    /// <summary>Elements of one row of the stacked projection: qkv, z, b, a.</summary>
    public static int ProjectionWidth(ModelConfig c) => c.ConvDim + (c.ValueHeads * c.ValueDim) + (2 * c.ValueHeads);

    /// <param name="f">The pass.</param>
    /// <param name="block">Weights.</param>
    /// <param name="layer">0-based block.</param>
    /// <param name="projected">[rows, ProjectionWidth].</param>
    /// <param name="mixed">[rows, value heads * value dim]: written.</param>
    public void Run(ForwardContext f, Block block, int layer, float* projected, float* mixed)
    {
        var batch = f.Batch;
        _convolved.Resize((long)batch.Rows * _c.ConvDim);

        // Channels are independent; 16 of them are a cache line, so workers do not share lines.
        f.Pool.For((_c.ConvDim + 15) / 16, (_, first, end) =>
        {
            var (from, to) = (first * 16, Math.Min(end * 16, _c.ConvDim));
            foreach (var slice in batch.Slices)
                Convolve(slice, block, layer, projected, from, to - from);
        });

        f.Pool.For(
            batch.Slices.Count * _c.KeyHeads,
            (_, first, end) =>
            {
                for (var item = first; item < end; item++)
                    RunKeyHead(batch.Slices[item / _c.KeyHeads], block, layer, projected, mixed, item % _c.KeyHeads);
            },
            grain: 1);
    }

    public void Dispose() => _convolved.Dispose();

    private void Convolve(Slice slice, Block block, int layer, float* projected, int channel, int count)
    {
        var width = ProjectionWidth(_c);
        var history = _c.ConvKernel - 1;
        var past = slice.State.Conv(layer) + channel;
        for (var i = 0; i < slice.Count; i++)
        {
            var y = _convolved.Pointer + ((long)(slice.Row + i) * _c.ConvDim) + channel;
            for (var tap = 0; tap < _c.ConvKernel; tap++)
            {
                var back = history - tap;
                var x = back <= i ? projected + ((long)(slice.Row + i - back) * width) + channel : past + ((long)(history + i - back) * _c.ConvDim);
                var w = block.ConvTaps!.Pointer + ((long)tap * _c.ConvDim) + channel;
                if (tap == 0)
                    Multiply(y, x, w, count);
                else
                    MultiplyAdd(y, x, w, count);
            }

            Rows.Silu(y, y, count);
        }

        // The last inputs become the history: shift what stays, then copy what is new.
        for (var t = 0; t < history; t++)
        {
            var source = slice.Count - history + t;
            var x = source >= 0 ? projected + ((long)(slice.Row + source) * width) + channel : past + ((long)(t + slice.Count) * _c.ConvDim);
            new Span<float>(x, count).CopyTo(new Span<float>(past + ((long)t * _c.ConvDim), count));
        }
    }

    private void RunKeyHead(Slice slice, Block block, int layer, float* projected, float* mixed, int keyHead)
    {
        var (dk, dv) = (_c.KeyDim, _c.ValueDim);
        for (var i = 0; i < slice.Count; i++)
        {
            var q = _convolved.Pointer + ((long)(slice.Row + i) * _c.ConvDim) + (keyHead * dk);
            var k = q + (_c.KeyHeads * dk);
            Rows.Scale(q, q, 1 / MathF.Sqrt(Rows.SumOfSquares(q, dk) + UnitEpsilon) / MathF.Sqrt(dk), dk);
            Rows.Scale(k, k, 1 / MathF.Sqrt(Rows.SumOfSquares(k, dk) + UnitEpsilon), dk);
        }

        var stride = slice.State.RecurrentStride;
        var v = stackalloc float[stride];
        var o = stackalloc float[stride];
        new Span<float>(v, stride).Clear();
        var perKey = _c.ValueHeads / _c.KeyHeads;
        var width = ProjectionWidth(_c);
        for (var head = keyHead * perKey; head < (keyHead + 1) * perKey; head++)
        {
            var s = slice.State.Recurrent(layer, head);
            for (var i = 0; i < slice.Count; i++)
            {
                var row = slice.Row + i;
                var p = projected + ((long)row * width);
                var conv = _convolved.Pointer + ((long)row * _c.ConvDim);
                var z = p + _c.ConvDim + (head * dv);
                var b = p[_c.ConvDim + (_c.ValueHeads * dv) + head];
                var a = p[_c.ConvDim + (_c.ValueHeads * dv) + _c.ValueHeads + head];
                var beta = (float)(1 / (1 + Math.Exp(-b)));
                var decay = (float)Math.Exp(block.NegativeA![head] * Softplus(a + block.DtBias![head]));
                new Span<float>(conv + (2 * _c.KeyHeads * dk) + (head * dv), dv).CopyTo(new Span<float>(v, dv));
                Step(s, stride, conv + (keyHead * dk), conv + ((_c.KeyHeads + keyHead) * dk), v, decay, beta, o, dk);
                var to = mixed + ((((long)row * _c.ValueHeads) + head) * dv);
                Rows.RmsNorm(o, o, block.GatedNorm!.Pointer, _c.NormEpsilon, dv);
                Rows.Silu(to, z, dv);
                for (var j = 0; j < dv; j++)
                    to[j] *= o[j];
            }
        }
    }

    /// <summary>
    /// One token of one head, 32 columns of S at a time (columns are independent). The sums over the key dimension run in two chains, even
    /// and odd rows, to hide the latency of the multiply-add; the order is the same for every token.
    /// </summary>
    private static void Step(float* s, int stride, float* q, float* k, float* v, float decay, float beta, float* o, int dk)
    {
        var dec = Vector512.Create(decay);
        var be = Vector512.Create(beta);
        for (var c = 0; c < stride; c += 32)
        {
            Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default;
            var row = s + c;
            var i = 0;
            for (; i <= dk - 2; i += 2, row += 2 * stride)
            {
                var (k0, k1) = (Vector512.Create(k[i]), Vector512.Create(k[i + 1]));
                a0 = Vector512.FusedMultiplyAdd(Vector512.Load(row) * dec, k0, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.Load(row + 16) * dec, k0, a1);
                b0 = Vector512.FusedMultiplyAdd(Vector512.Load(row + stride) * dec, k1, b0);
                b1 = Vector512.FusedMultiplyAdd(Vector512.Load(row + stride + 16) * dec, k1, b1);
            }

            if (i < dk)
            {
                var k0 = Vector512.Create(k[i]);
                a0 = Vector512.FusedMultiplyAdd(Vector512.Load(row) * dec, k0, a0);
                a1 = Vector512.FusedMultiplyAdd(Vector512.Load(row + 16) * dec, k0, a1);
            }

            var d0 = (Vector512.Load(v + c) - (a0 + b0)) * be;
            var d1 = (Vector512.Load(v + c + 16) - (a1 + b1)) * be;
            a0 = a1 = b0 = b1 = default;
            row = s + c;
            for (i = 0; i <= dk - 2; i += 2, row += 2 * stride)
            {
                var (k0, k1) = (Vector512.Create(k[i]), Vector512.Create(k[i + 1]));
                var (q0, q1) = (Vector512.Create(q[i]), Vector512.Create(q[i + 1]));
                var s00 = Vector512.FusedMultiplyAdd(k0, d0, Vector512.Load(row) * dec);
                var s01 = Vector512.FusedMultiplyAdd(k0, d1, Vector512.Load(row + 16) * dec);
                var s10 = Vector512.FusedMultiplyAdd(k1, d0, Vector512.Load(row + stride) * dec);
                var s11 = Vector512.FusedMultiplyAdd(k1, d1, Vector512.Load(row + stride + 16) * dec);
                Vector512.Store(s00, row);
                Vector512.Store(s01, row + 16);
                Vector512.Store(s10, row + stride);
                Vector512.Store(s11, row + stride + 16);
                a0 = Vector512.FusedMultiplyAdd(s00, q0, a0);
                a1 = Vector512.FusedMultiplyAdd(s01, q0, a1);
                b0 = Vector512.FusedMultiplyAdd(s10, q1, b0);
                b1 = Vector512.FusedMultiplyAdd(s11, q1, b1);
            }

            if (i < dk)
            {
                var (k0, q0) = (Vector512.Create(k[i]), Vector512.Create(q[i]));
                var s00 = Vector512.FusedMultiplyAdd(k0, d0, Vector512.Load(row) * dec);
                var s01 = Vector512.FusedMultiplyAdd(k0, d1, Vector512.Load(row + 16) * dec);
                Vector512.Store(s00, row);
                Vector512.Store(s01, row + 16);
                a0 = Vector512.FusedMultiplyAdd(s00, q0, a0);
                a1 = Vector512.FusedMultiplyAdd(s01, q0, a1);
            }

            Vector512.Store(a0 + b0, o + c);
            Vector512.Store(a1 + b1, o + c + 16);
        }
    }

    private static void Multiply(float* y, float* x, float* w, int n)
    {
        for (var i = 0; i < n; i += 16)
        {
            if (i <= n - 16)
            {
                Vector512.Store(Vector512.Load(x + i) * Vector512.Load(w + i), y + i);
                continue;
            }

            for (var j = i; j < n; j++)
                y[j] = x[j] * w[j];
        }
    }

    private static void MultiplyAdd(float* y, float* x, float* w, int n)
    {
        for (var i = 0; i < n; i += 16)
        {
            if (i <= n - 16)
            {
                Vector512.Store(Vector512.FusedMultiplyAdd(Vector512.Load(x + i), Vector512.Load(w + i), Vector512.Load(y + i)), y + i);
                continue;
            }

            for (var j = i; j < n; j++)
                y[j] = MathF.FusedMultiplyAdd(x[j], w[j], y[j]);
        }
    }

    private static double Softplus(float x) => x > 20 ? x : Math.Log(1 + Math.Exp(x));
}
