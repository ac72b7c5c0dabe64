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
    private const int Group = 32;
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
    /// <param name="slices">The sequences' rows, at most one slice a sequence.</param>
    public void Run(ForwardContext f, Block block, int layer, float* projected, float* mixed, IReadOnlyList<Slice> slices)
    {
        _convolved.Resize((long)f.Batch.Rows * _c.ConvDim);

        // Channels are independent; 16 of them are a cache line, so workers do not share lines.
        f.Pool.For((_c.ConvDim + 15) / 16, (_, first, end) =>
        {
            var (from, to) = (first * 16, Math.Min(end * 16, _c.ConvDim));
            foreach (var slice in slices)
                Convolve(slice, block, layer, projected, from, to - from);
        });

        f.Pool.For(
            slices.Count * _c.KeyHeads,
            (_, first, end) =>
            {
                for (var item = first; item < end; item++)
                    RunKeyHead(slices[item / _c.KeyHeads], block, layer, projected, mixed, item % _c.KeyHeads);
            },
            grain: 1);
    }

    public void Dispose() => _convolved.Dispose();

    private void Convolve(Slice slice, Block block, int layer, float* projected, int channel, int count)
    {
        var width = ProjectionWidth(_c);
        var history = _c.ConvKernel - 1;
        var past = slice.State.Conv(layer) + channel;
        var inputs = stackalloc float*[_c.ConvKernel];
        for (var i = 0; i < slice.Count; i++)
        {
            var y = _convolved.Pointer + ((long)(slice.Row + i) * _c.ConvDim) + channel;
            for (var tap = 0; tap < _c.ConvKernel; tap++)
            {
                var back = history - tap;
                inputs[tap] = back <= i ? projected + ((long)(slice.Row + i - back) * width) + channel : past + ((long)(history + i - back) * _c.ConvDim);
            }

            Taps(y, inputs, block.ConvTaps!.Pointer + channel, count);
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

        var perKey = _c.ValueHeads / _c.KeyHeads;
        for (var head = keyHead * perKey; head < (keyHead + 1) * perKey; head++)
        {
            for (var from = 0; from < slice.Count; from += Group)
                RunHead(slice, block, layer, projected, mixed, keyHead, head, from, Math.Min(Group, slice.Count - from));
        }
    }

    // A group of tokens goes through 32 columns of S before the next 32: that strip stays in the first-level cache, and S passes through memory once a group.
    private void RunHead(Slice slice, Block block, int layer, float* projected, float* mixed, int keyHead, int head, int from, int count)
    {
        var (dk, dv) = (_c.KeyDim, _c.ValueDim);
        var stride = slice.State.Layout.RecurrentStride;
        var v = stackalloc float[count * stride];
        var o = stackalloc float[count * stride];
        var read = stackalloc float[DeltaRuleStrip.Width];
        var beta = stackalloc float[count];
        var decay = stackalloc float[count];
        var width = ProjectionWidth(_c);
        var first = slice.Row + from;
        for (var i = 0; i < count; i++)
        {
            var p = projected + ((long)(first + i) * width) + _c.ConvDim + (_c.ValueHeads * dv);
            beta[i] = (float)(1 / (1 + Math.Exp(-p[head])));
            decay[i] = (float)Math.Exp(block.NegativeA![head] * Softplus(p[_c.ValueHeads + head] + block.DtBias![head]));
            var values = _convolved.Pointer + ((long)(first + i) * _c.ConvDim) + (2 * _c.KeyHeads * dk) + (head * dv);
            new Span<float>(values, dv).CopyTo(new Span<float>(v + (i * stride), dv));
            new Span<float>(v + (i * stride) + dv, stride - dv).Clear();
        }

        var s = slice.State.Recurrent(layer, head);
        var keys = _convolved.Pointer + ((long)first * _c.ConvDim);
        for (var c = 0; c < stride; c += DeltaRuleStrip.Width)
        {
            var q = keys + (keyHead * dk);
            var strip = s + (c * dk);
            DeltaRuleStrip.Read(strip, q + (_c.KeyHeads * dk), decay[0], read, dk);
            for (var i = 0; i < count; i++, q += _c.ConvDim)
            {
                var k = q + (_c.KeyHeads * dk);
                var token = new DeltaRuleToken(q, k, v + (i * stride) + c, decay[i], beta[i]);
                var output = o + (i * stride) + c;
                if (i + 1 < count)
                    DeltaRuleStrip.StepAndRead(strip, token, k + _c.ConvDim, decay[i + 1], read, output, dk);
                else
                    DeltaRuleStrip.Step(strip, token, read, output, dk);
            }
        }

        for (var i = 0; i < count; i++)
        {
            var to = mixed + ((((long)(first + i) * _c.ValueHeads) + head) * dv);
            var output = o + (i * stride);
            Rows.RmsNorm(output, output, block.GatedNorm!.Pointer, _c.NormEpsilon, dv);
            Rows.Silu(to, projected + ((long)(first + i) * width) + _c.ConvDim + (head * dv), dv);
            for (var j = 0; j < dv; j++)
                to[j] *= output[j];
        }
    }

    // y = sum over taps of x[tap] w[tap], in order of the taps.
    private void Taps(float* y, float** x, float* w, int n)
    {
        var stride = _c.ConvDim;
        var i = 0;
        for (; i <= n - 16; i += 16)
        {
            var sum = Vector512.Load(x[0] + i) * Vector512.Load(w + i);
            for (var tap = 1; tap < _c.ConvKernel; tap++)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(x[tap] + i), Vector512.Load(w + (tap * stride) + i), sum);
            Vector512.Store(sum, y + i);
        }

        for (; i < n; i++)
        {
            var sum = x[0][i] * w[i];
            for (var tap = 1; tap < _c.ConvKernel; tap++)
                sum = MathF.FusedMultiplyAdd(x[tap][i], w[(tap * stride) + i], sum);
            y[i] = sum;
        }
    }

    private static double Softplus(float x) => x > 20 ? x : Math.Log(1 + Math.Exp(x));
}
