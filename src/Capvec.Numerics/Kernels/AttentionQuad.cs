using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// Attention of four query heads at once over the keys and values that they share: each is read once for four. Every sum is the chain that one head alone would have,
/// so the number of heads at once changes no bit.
/// </summary>
public static unsafe class AttentionQuad
{
    /// <summary>Positions of a block of keys.</summary>
    public const int Block = 16;

    /// <summary>Query heads at once.</summary>
    public const int Heads = 4;

    /// <summary>Head widths that <see cref="AddWeighted"/> takes are multiples of this.</summary>
    public const int Columns = 64;

    /// <summary><c>scores[h, t] = q_h . k_t scale</c>, sixteen positions at a time: lane i is position 16 b + i. The sum over the head's width runs in four chains (i mod 4).</summary>
    /// <param name="q">[4, d] queries; d is a multiple of 4.</param>
    /// <param name="keys">[blocks of 16 positions][d][16].</param>
    /// <param name="scores">[4, stride]; whole blocks are written.</param>
    /// <param name="stride">Elements from one head's scores to the next.</param>
    /// <param name="count">Positions.</param>
    /// <param name="d">Width of a head.</param>
    /// <param name="factor">Multiplies every score.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores(float* q, float* keys, float* scores, long stride, int count, int d, float factor)
    {
        var scale = Vector512.Create(factor);
        var q1 = q + d;
        var q2 = q1 + d;
        var q3 = q2 + d;
        for (var at = 0; at < count; at += Block)
        {
            Vector512<float> a0 = default, b0 = default, e0 = default, g0 = default;
            Vector512<float> a1 = default, b1 = default, e1 = default, g1 = default;
            Vector512<float> a2 = default, b2 = default, e2 = default, g2 = default;
            Vector512<float> a3 = default, b3 = default, e3 = default, g3 = default;
            for (var i = 0; i < d; i += 4, keys += 4 * Block)
            {
                var k = Vector512.Load(keys);
                a0 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q[i]), a0);
                a1 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q1[i]), a1);
                a2 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q2[i]), a2);
                a3 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q3[i]), a3);
                k = Vector512.Load(keys + Block);
                b0 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q[i + 1]), b0);
                b1 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q1[i + 1]), b1);
                b2 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q2[i + 1]), b2);
                b3 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q3[i + 1]), b3);
                k = Vector512.Load(keys + (2 * Block));
                e0 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q[i + 2]), e0);
                e1 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q1[i + 2]), e1);
                e2 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q2[i + 2]), e2);
                e3 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q3[i + 2]), e3);
                k = Vector512.Load(keys + (3 * Block));
                g0 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q[i + 3]), g0);
                g1 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q1[i + 3]), g1);
                g2 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q2[i + 3]), g2);
                g3 = Vector512.FusedMultiplyAdd(k, Vector512.Create(q3[i + 3]), g3);
            }

            Vector512.Store((a0 + b0 + (e0 + g0)) * scale, scores + at);
            Vector512.Store((a1 + b1 + (e1 + g1)) * scale, scores + at + stride);
            Vector512.Store((a2 + b2 + (e2 + g2)) * scale, scores + at + (2 * stride));
            Vector512.Store((a3 + b3 + (e3 + g3)) * scale, scores + at + (3 * stride));
        }
    }

    /// <summary><c>sums[h] += sum_t weights[h, t] v_t</c>, positions in order.</summary>
    /// <param name="weights">[4, weightStride].</param>
    /// <param name="weightStride">Elements from one head's weights to the next.</param>
    /// <param name="values">[count, valueStride].</param>
    /// <param name="valueStride">Elements from one position's values to the next.</param>
    /// <param name="sums">[4, stride]: added to.</param>
    /// <param name="stride">Elements from one head's sums to the next.</param>
    /// <param name="count">Positions.</param>
    /// <param name="d">Width of a head, a multiple of <see cref="Columns"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddWeighted(float* weights, long weightStride, float* values, int valueStride, float* sums, long stride, int count, int d)
    {
        for (var c = 0; c < d; c += Columns)
        {
            var a0 = Vector512.Load(sums + c);
            var b0 = Vector512.Load(sums + c + 16);
            var e0 = Vector512.Load(sums + c + 32);
            var g0 = Vector512.Load(sums + c + 48);
            var a1 = Vector512.Load(sums + c + stride);
            var b1 = Vector512.Load(sums + c + stride + 16);
            var e1 = Vector512.Load(sums + c + stride + 32);
            var g1 = Vector512.Load(sums + c + stride + 48);
            var a2 = Vector512.Load(sums + c + (2 * stride));
            var b2 = Vector512.Load(sums + c + (2 * stride) + 16);
            var e2 = Vector512.Load(sums + c + (2 * stride) + 32);
            var g2 = Vector512.Load(sums + c + (2 * stride) + 48);
            var a3 = Vector512.Load(sums + c + (3 * stride));
            var b3 = Vector512.Load(sums + c + (3 * stride) + 16);
            var e3 = Vector512.Load(sums + c + (3 * stride) + 32);
            var g3 = Vector512.Load(sums + c + (3 * stride) + 48);
            var v = values + c;
            for (var t = 0; t < count; t++, v += valueStride)
            {
                var v0 = Vector512.Load(v);
                var v1 = Vector512.Load(v + 16);
                var v2 = Vector512.Load(v + 32);
                var v3 = Vector512.Load(v + 48);
                var w = Vector512.Create(weights[t]);
                a0 = Vector512.FusedMultiplyAdd(v0, w, a0);
                b0 = Vector512.FusedMultiplyAdd(v1, w, b0);
                e0 = Vector512.FusedMultiplyAdd(v2, w, e0);
                g0 = Vector512.FusedMultiplyAdd(v3, w, g0);
                w = Vector512.Create(weights[weightStride + t]);
                a1 = Vector512.FusedMultiplyAdd(v0, w, a1);
                b1 = Vector512.FusedMultiplyAdd(v1, w, b1);
                e1 = Vector512.FusedMultiplyAdd(v2, w, e1);
                g1 = Vector512.FusedMultiplyAdd(v3, w, g1);
                w = Vector512.Create(weights[(2 * weightStride) + t]);
                a2 = Vector512.FusedMultiplyAdd(v0, w, a2);
                b2 = Vector512.FusedMultiplyAdd(v1, w, b2);
                e2 = Vector512.FusedMultiplyAdd(v2, w, e2);
                g2 = Vector512.FusedMultiplyAdd(v3, w, g2);
                w = Vector512.Create(weights[(3 * weightStride) + t]);
                a3 = Vector512.FusedMultiplyAdd(v0, w, a3);
                b3 = Vector512.FusedMultiplyAdd(v1, w, b3);
                e3 = Vector512.FusedMultiplyAdd(v2, w, e3);
                g3 = Vector512.FusedMultiplyAdd(v3, w, g3);
            }

            Vector512.Store(a0, sums + c);
            Vector512.Store(b0, sums + c + 16);
            Vector512.Store(e0, sums + c + 32);
            Vector512.Store(g0, sums + c + 48);
            Vector512.Store(a1, sums + c + stride);
            Vector512.Store(b1, sums + c + stride + 16);
            Vector512.Store(e1, sums + c + stride + 32);
            Vector512.Store(g1, sums + c + stride + 48);
            Vector512.Store(a2, sums + c + (2 * stride));
            Vector512.Store(b2, sums + c + (2 * stride) + 16);
            Vector512.Store(e2, sums + c + (2 * stride) + 32);
            Vector512.Store(g2, sums + c + (2 * stride) + 48);
            Vector512.Store(a3, sums + c + (3 * stride));
            Vector512.Store(b3, sums + c + (3 * stride) + 16);
            Vector512.Store(e3, sums + c + (3 * stride) + 32);
            Vector512.Store(g3, sums + c + (3 * stride) + 48);
        }
    }
}
