using System.Runtime.Intrinsics;
using Capvec.Engine.Batching;
using Capvec.Engine.Layers;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Network;

/// <summary>
/// Full attention with grouped keys. What families differ in is in the shape: biases (part of the projection), norms on queries and keys,
/// how much of a head rotates, and an output gate:
/// <code>
/// q_h [| gate_h], k_j, v_j = W u [+ b]      q_h, k_j &lt;- rotate([RMSNorm](.))
/// a_h = softmax(q_h . k_j / sqrt(D)) v_j    over positions up to its own
/// out = concat_h(a_h [* sigmoid(gate_h)])
/// </code>
/// Rows of one sequence go through keys and values together, up to eight of them: long contexts do not fit a cache, and what a row reads from memory serves its neighbours.
/// Every sum of a row is the chain that it would have alone.
/// </summary>
internal sealed unsafe class AttentionMixer : IDisposable
{
    private const int MostRows = 8;
    private readonly ModelConfig _c;
    private readonly List<(int First, int Count)> _groups = [];
    private readonly NativeBuffer<float> _queries = new(0);
    private readonly NativeBuffer<float>[] _scores;

    public AttentionMixer(ModelConfig config, int workers)
    {
        _c = config;
        _scores = [.. Enumerable.Range(0, workers).Select(_ => new NativeBuffer<float>(0))];
    }

    /// <summary>Elements of one row of the stacked projection.</summary>
    public static int ProjectionWidth(ModelConfig c) => (c.Heads * c.QueryWidth) + (2 * c.KvHeads * c.HeadDim);

    /// <param name="f">The pass.</param>
    /// <param name="block">Weights.</param>
    /// <param name="layer">0-based block.</param>
    /// <param name="projected">[rows, ProjectionWidth]: q (and gate) a head, k, v.</param>
    /// <param name="mixed">[rows, heads * head dim]: written.</param>
    /// <param name="rotary">Angles up to the longest position.</param>
    /// <param name="wanted">Rows whose outputs are wanted, or null for all; keys and values are stored of all.</param>
    public void Run(ForwardContext f, Block block, int layer, float* projected, float* mixed, RotaryTable rotary, int[]? wanted)
    {
        var batch = f.Batch;
        _queries.Resize((long)batch.Rows * _c.Heads * _c.HeadDim);
        f.ForRows(batch.Rows, row => RotateAndStore(batch, block, layer, projected, rotary, row));

        var rows = wanted ?? [.. Enumerable.Range(0, batch.Rows)];
        Group(batch, rows, f.Pool.Workers);
        // Later positions have more to read: small pieces even that out.
        var items = _groups.Count * _c.KvHeads;
        f.Pool.For(
            items,
            (worker, first, end) =>
            {
                for (var item = first; item < end; item++)
                {
                    var group = _groups[item / _c.KvHeads];
                    Attend(batch, layer, projected, mixed, rows.AsSpan(group.First, group.Count), item % _c.KvHeads, _scores[worker]);
                }
            },
            Math.Max(1, items / (16 * f.Pool.Workers)));
    }

    public void Dispose()
    {
        _queries.Dispose();
        foreach (var scores in _scores)
            scores.Dispose();
    }

    // Neighbouring rows of a sequence, as many as leave every worker four pieces.
    private void Group(StepBatch batch, int[] rows, int workers)
    {
        var most = Math.Clamp(rows.Length * _c.KvHeads / (4 * workers), 1, MostRows);
        _groups.Clear();
        for (int first = 0, count; first < rows.Length; first += count)
        {
            for (count = 1; count < most && first + count < rows.Length && batch.SliceOf[rows[first + count]] == batch.SliceOf[rows[first]];)
                count++;
            _groups.Add((first, count));
        }
    }

    private void RotateAndStore(StepBatch batch, Block block, int layer, float* projected, RotaryTable rotary, int row)
    {
        var d = _c.HeadDim;
        var state = batch.Slices[batch.SliceOf[row]].State;
        var position = batch.Positions[row];
        var from = projected + ((long)row * ProjectionWidth(_c));
        for (var h = 0; h < _c.Heads; h++)
        {
            var q = _queries.Pointer + ((((long)row * _c.Heads) + h) * d);
            NormOrCopy(q, from + (h * _c.QueryWidth), block.QueryNorm);
            rotary.Rotate(q, position);
        }

        from += _c.Heads * _c.QueryWidth;
        var k = stackalloc float[d];
        for (var j = 0; j < _c.KvHeads; j++)
        {
            NormOrCopy(k, from + (j * d), block.KeyNorm);
            rotary.Rotate(k, position);
            var keys = state.Keys(layer, j, position) + (position % StateLayout.KeyBlock);
            for (var i = 0; i < d; i++)
                keys[i * StateLayout.KeyBlock] = k[i];
            var v = from + ((_c.KvHeads + j) * d);
            new Span<float>(v, d).CopyTo(new Span<float>(state.Values(layer, j, position), d));
        }
    }

    private void NormOrCopy(float* to, float* from, NativeBuffer<float>? norm)
    {
        if (norm is null)
            new Span<float>(from, _c.HeadDim).CopyTo(new Span<float>(to, _c.HeadDim));
        else
            Rows.RmsNorm(to, from, norm.Pointer, _c.NormEpsilon, _c.HeadDim);
    }

    private void Attend(StepBatch batch, int layer, float* projected, float* mixed, ReadOnlySpan<int> rows, int kvHead, NativeBuffer<float> scratch)
    {
        var d = _c.HeadDim;
        var state = batch.Slices[batch.SliceOf[rows[0]]].State;
        var longest = batch.Positions[rows[^1]] + 1;
        var stride = (longest + StateLayout.KeyBlock - 1) / StateLayout.KeyBlock * StateLayout.KeyBlock;
        scratch.Resize((long)rows.Length * AttentionQuad.Heads * stride);
        var p = scratch.Pointer;
        var group = _c.Heads / _c.KvHeads;
        var h = kvHead * group;
        var end = h + group;
        for (; h + AttentionQuad.Heads <= end && d % AttentionQuad.Columns == 0; h += AttentionQuad.Heads)
            AttendFour(batch, state, layer, projected, mixed, rows, kvHead, h, p, stride);
        for (; h < end; h++)
        {
            foreach (var row in rows)
                AttendOne(state, layer, projected, mixed, row, kvHead, h, p, batch.Positions[row] + 1);
        }
    }

    private void AttendOne(SequenceState state, int layer, float* projected, float* mixed, int row, int kvHead, int head, float* p, int count)
    {
        var d = _c.HeadDim;
        var at = At(row, head);
        for (var page = 0; page < count; page += StateLayout.PagePositions)
            Scores(_queries.Pointer + at, state.Keys(layer, kvHead, page), p + page, Math.Min(StateLayout.PagePositions, count - page), d);
        var sum = Rows.ExpSum(p, p, Rows.Max(p, count), 1, count);
        WeightedSum(p, state, layer, kvHead, mixed + at, count, d, 1 / sum);
        Gate(mixed + at, projected, row, head);
    }

    // Rows in the order of their positions: the last one has the most to read.
    private void AttendFour(StepBatch batch, SequenceState state, int layer, float* projected, float* mixed, ReadOnlySpan<int> rows, int kvHead, int head, float* p, int stride)
    {
        var d = _c.HeadDim;
        var longest = batch.Positions[rows[^1]] + 1;
        var ofRow = AttentionQuad.Heads * (long)stride;
        for (var from = 0; from < longest; from += StateLayout.KeyBlock)
        {
            var keys = state.Keys(layer, kvHead, from);
            for (var r = 0; r < rows.Length; r++)
            {
                if (batch.Positions[rows[r]] >= from)
                    AttentionQuad.Scores(_queries.Pointer + At(rows[r], head), keys, p + (r * ofRow) + from, stride, StateLayout.KeyBlock, d, 1 / MathF.Sqrt(d));
            }
        }

        var sums = stackalloc float[MostRows * AttentionQuad.Heads];
        for (var r = 0; r < rows.Length; r++)
        {
            var count = batch.Positions[rows[r]] + 1;
            for (var i = 0; i < AttentionQuad.Heads; i++)
            {
                var scores = p + (r * ofRow) + ((long)i * stride);
                sums[(r * AttentionQuad.Heads) + i] = Rows.ExpSum(scores, scores, Rows.Max(scores, count), 1, count);
            }

            new Span<float>(mixed + At(rows[r], head), AttentionQuad.Heads * d).Clear();
        }

        for (var page = 0; page < longest; page += StateLayout.PagePositions)
        {
            var values = state.Values(layer, kvHead, page);
            for (var r = 0; r < rows.Length; r++)
            {
                var count = Math.Min(StateLayout.PagePositions, batch.Positions[rows[r]] + 1 - page);
                if (count > 0)
                    AttentionQuad.AddWeighted(p + (r * ofRow) + page, stride, values, state.Layout.ValueStride, mixed + At(rows[r], head), d, count, d);
            }
        }

        for (var r = 0; r < rows.Length; r++)
        {
            for (var i = 0; i < AttentionQuad.Heads; i++)
            {
                var output = mixed + At(rows[r], head + i);
                Rows.Scale(output, output, 1 / sums[(r * AttentionQuad.Heads) + i], d);
                Gate(output, projected, rows[r], head + i);
            }
        }
    }

    private long At(int row, int head) => (((long)row * _c.Heads) + head) * _c.HeadDim;

    private void Gate(float* output, float* projected, int row, int head)
    {
        if (_c.OutputGate)
            Rows.TimesSigmoid(output, projected + ((long)row * ProjectionWidth(_c)) + (head * _c.QueryWidth) + _c.HeadDim, _c.HeadDim);
    }

    // Sixteen positions at a time: lane i of the accumulators is the score of position 16 b + i. Positions past the row's own are computed too and not used.
    private static void Scores(float* q, float* keys, float* scores, int count, int d)
    {
        var scale = Vector512.Create(1 / MathF.Sqrt(d));
        for (var at = 0; at < count; at += StateLayout.KeyBlock, keys += (long)d * StateLayout.KeyBlock)
        {
            Vector512<float> a = default, b = default, e = default, g = default;
            var i = 0;
            for (; i <= d - 4; i += 4)
            {
                a = Vector512.FusedMultiplyAdd(Vector512.Load(keys + (i * 16)), Vector512.Create(q[i]), a);
                b = Vector512.FusedMultiplyAdd(Vector512.Load(keys + (i * 16) + 16), Vector512.Create(q[i + 1]), b);
                e = Vector512.FusedMultiplyAdd(Vector512.Load(keys + (i * 16) + 32), Vector512.Create(q[i + 2]), e);
                g = Vector512.FusedMultiplyAdd(Vector512.Load(keys + (i * 16) + 48), Vector512.Create(q[i + 3]), g);
            }

            for (; i < d; i++)
                a = Vector512.FusedMultiplyAdd(Vector512.Load(keys + (i * 16)), Vector512.Create(q[i]), a);
            Vector512.Store((a + b + (e + g)) * scale, scores + at);
        }
    }

    // The accumulators go from page to page: one chain over all positions.
    private static void WeightedSum(float* p, SequenceState state, int layer, int kvHead, float* to, int count, int d, float scale)
    {
        var stride = state.Layout.ValueStride;
        var sv = Vector512.Create(scale);
        var tail = stackalloc float[16];
        for (var c = 0; c < d; c += 64)
        {
            Vector512<float> a = default, b = default, e = default, g = default;
            var vectors = Math.Min(4, (d - c + 15) / 16);
            for (var page = 0; page < count; page += StateLayout.PagePositions)
            {
                var v = state.Values(layer, kvHead, page) + c;
                var end = Math.Min(page + StateLayout.PagePositions, count);
                if (vectors == 4)
                {
                    for (var t = page; t < end; t++, v += stride)
                    {
                        var pt = Vector512.Create(p[t]);
                        a = Vector512.FusedMultiplyAdd(Vector512.Load(v), pt, a);
                        b = Vector512.FusedMultiplyAdd(Vector512.Load(v + 16), pt, b);
                        e = Vector512.FusedMultiplyAdd(Vector512.Load(v + 32), pt, e);
                        g = Vector512.FusedMultiplyAdd(Vector512.Load(v + 48), pt, g);
                    }

                    continue;
                }

                for (var t = page; t < end; t++, v += stride)
                {
                    var pt = Vector512.Create(p[t]);
                    a = Vector512.FusedMultiplyAdd(Vector512.Load(v), pt, a);
                    if (vectors > 1)
                        b = Vector512.FusedMultiplyAdd(Vector512.Load(v + 16), pt, b);
                    if (vectors > 2)
                        e = Vector512.FusedMultiplyAdd(Vector512.Load(v + 32), pt, e);
                }
            }

            for (var n = 0; n < vectors; n++)
            {
                Vector512.Store((n == 0 ? a : n == 1 ? b : n == 2 ? e : g) * sv, tail);
                var width = Math.Min(16, d - c - (16 * n));
                new Span<float>(tail, width).CopyTo(new Span<float>(to + c + (16 * n), width));
            }
        }
    }
}
