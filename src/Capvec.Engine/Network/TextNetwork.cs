using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Layers;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Network;

/// <summary>
/// The forward pass over one ragged batch. Rows of all sequences go through each weight once; only attention, convolution and
/// the delta rule work a sequence at a time.
/// <code>
/// h = Embed[token]
/// for each block b:   h += Mixer_b(RMSNorm(h));  h += MLP_b(RMSNorm(h))      h is now resid_post[b]: steered, then captured
/// logits = Wout RMSNorm(h)                                                   of the rows asked for
/// </code>
/// After the mixer of the last block only rows go on that something reads: of a prompt, the last.
/// </summary>
internal sealed unsafe class TextNetwork : IDisposable
{
    private const int CaptureColumns = 128;
    private readonly ModelWeights _w;
    private readonly ModelConfig _c;
    private readonly ForwardContext _f;
    private readonly AttentionMixer _attention;
    private readonly DeltaRuleMixer _delta;
    private readonly RotaryTable _rotary;
    private readonly NativeBuffer<float> _hidden;
    private readonly NativeBuffer<float> _input;
    private readonly NativeBuffer<float> _wide;
    private readonly NativeBuffer<float> _mixed;
    private readonly NativeBuffer<float> _out;
    private readonly int[] _places; // [rows of the step] where a row stands in _hidden after the last block

    /// <summary>Allocates buffers for steps of up to <paramref name="rows"/> rows.</summary>
    public TextNetwork(ModelWeights weights, ForwardContext context, int rows)
    {
        (_w, _c, _f) = (weights, weights.Config, context);
        _attention = new AttentionMixer(_c, context.Pool.Workers);
        _delta = new DeltaRuleMixer(_c);
        _rotary = new RotaryTable(_c.RotaryFrequencies);
        _places = new int[rows];
        _hidden = new NativeBuffer<float>((long)rows * _c.Hidden);
        _input = new NativeBuffer<float>((long)rows * _c.Hidden);
        _out = new NativeBuffer<float>((long)rows * _c.Hidden);
        _wide = new NativeBuffer<float>((long)rows * Wide(_c));
        _mixed = new NativeBuffer<float>((long)rows * Mixed(_c));
    }

    /// <summary>Elements of activations for each row of a step: the buffers here, the packed input, and what the mixers keep beside.</summary>
    public static long RowFloats(ModelConfig c) => (3L * c.Hidden) + Wide(c) + (2L * Mixed(c)) + Math.Max(c.Heads * c.HeadDim, c.ConvDim);

    /// <summary>Computes the residual stream of every row of the batch and extends the sequences' states.</summary>
    public void Run(StepBatch batch)
    {
        _f.Batch = batch;
        for (var row = 0; row < batch.Added; row++)
            _places[row] = row;
        foreach (var slice in batch.AllSlices)
        {
            slice.State.Reserve(slice.Entry, slice.Position, slice.Position + slice.Count);
            foreach (var track in slice.Recording)
                track.Extend(slice.Position, slice.Position + slice.Count);
            _rotary.Reserve(slice.Position + slice.Count);
        }

        for (var layer = 0; layer < _c.Layers; layer++)
        {
            Enter(batch, layer);
            if (batch.Rows == 0)
                continue;
            var block = _w.Blocks[layer];
            _f.NormAndPack(_hidden.Pointer, _input.Pointer, block.InputNorm, _c.NormEpsilon, batch.Rows, block.MixerIn);
            var kept = layer == _c.Layers - 1 ? batch.RowsReadAfter(layer) : null;
            MixerCore(batch, block, layer, kept);
            if (kept is not null && kept.Length < batch.Rows)
                batch = Narrow(batch, layer, kept);
            if (batch.Rows == 0)
                continue;
            _f.PackAfter(batch.Rows, _mixed.Pointer, block.MixerOut, null);
            _f.Apply(block.MixerOut, _mixed.Pointer, _out.Pointer, _c.Hidden);
            _f.PackAfter(batch.Rows, _input.Pointer, block.MlpIn, row => AddMixer(batch, block, layer, row));
            Mlp(batch, block);
            _f.ForRows(batch.Rows, row => AddMlp(batch, layer, row));
            foreach (var slice in batch.Slices)
                Capture(slice, layer);
        }

        Enter(batch, _c.Layers);
    }

    /// <summary>Logits of some rows of the last step into <paramref name="logits"/> [rows, vocabulary].</summary>
    public void Logits(ReadOnlySpan<int> rows, float* logits)
    {
        var d = _c.Hidden;
        for (var i = 0; i < rows.Length; i++)
            Rows.RmsNorm(_input.Pointer + ((long)i * d), _hidden.Pointer + ((long)_places[rows[i]] * d), _w.FinalNorm.Pointer, _c.NormEpsilon, d);
        _f.PackAfter(rows.Length, _input.Pointer, _w.Output, null);
        _f.Batch = EmptyBatch;
        _f.Apply(_w.Output, _input.Pointer, logits, _c.Vocabulary);
    }

    public void Dispose()
    {
        foreach (var part in new IDisposable[] { _attention, _delta, _rotary, _hidden, _input, _wide, _mixed, _out })
            part.Dispose();
    }

    private static readonly StepBatch EmptyBatch = new(0);

    // Elements of a row that goes into a mixer or the MLP, and that comes out of it.
    private static int Wide(ModelConfig c) => Math.Max(2 * c.Intermediate, Math.Max(AttentionMixer.ProjectionWidth(c), DeltaRuleMixer.ProjectionWidth(c)));

    private static int Mixed(ModelConfig c) => Math.Max(c.Intermediate, Math.Max(c.Heads * c.HeadDim, c.ValueHeads * c.ValueDim));

    // Rows enter at block 0 from the embedding; where the blocks before have been computed for another sequence, from the residual stream that it left.
    private void Enter(StepBatch batch, int layer)
    {
        foreach (var slice in batch.Enter(layer))
        {
            for (var row = slice.Row; row < slice.Row + slice.Count; row++)
            {
                var h = _hidden.Pointer + ((long)row * _c.Hidden);
                if (layer == 0)
                    _w.Embedding.GetRow(batch.Tokens[row], new Span<float>(h, _c.Hidden));
                else
                    new Span<float>(slice.State.Track(layer).Row(batch.Positions[row]), _c.Hidden).CopyTo(new Span<float>(h, _c.Hidden));
                Steer(batch, layer == 0 ? SteeringSite.Embedding : SteeringSite.BlockOutput, Math.Max(0, layer - 1), h, row);
            }

            if (layer > 0)
                Capture(slice, layer - 1);
        }
    }

    // What a mixer does with each row's projection and its sequence's state, into _mixed; of attention only the rows that are wanted, if not all are.
    private void MixerCore(StepBatch batch, Block block, int layer, int[]? wanted)
    {
        if (_c.FullAttention[layer])
        {
            _f.Apply(block.MixerIn, _input.Pointer, _wide.Pointer, AttentionMixer.ProjectionWidth(_c));
            _attention.Run(_f, block, layer, _wide.Pointer, _mixed.Pointer, _rotary, wanted);
            return;
        }

        _f.Apply(block.MixerIn, _input.Pointer, _wide.Pointer, DeltaRuleMixer.ProjectionWidth(_c));
        for (var wave = 0; wave < batch.Waves; wave++)
            RunDeltaRule(block, layer, batch.Slices.Where(s => s.Wave == wave).ToList());
    }

    // In the last block, most rows of a prompt have left all that is wanted of them in the sequence's state: the others move together and go on alone.
    private StepBatch Narrow(StepBatch batch, int layer, int[] kept)
    {
        var narrow = batch.Narrow(kept);
        var width = MixedWidth(layer);
        for (var i = 0; i < kept.Length; i++)
        {
            _places[kept[i]] = i;
            Move(_hidden.Pointer, kept[i], i, _c.Hidden);
            Move(_mixed.Pointer, kept[i], i, width);
        }

        for (var row = batch.Rows; row < batch.Added; row++)
            _places[row] = row - batch.Rows + narrow.Rows;
        _f.Batch = narrow;
        return narrow;
    }

    private static void Move(float* rows, int from, int to, int width)
    {
        if (from != to)
            new Span<float>(rows + ((long)from * width), width).CopyTo(new Span<float>(rows + ((long)to * width), width));
    }

    private int MixedWidth(int layer) => _c.FullAttention[layer] ? _c.Heads * _c.HeadDim : _c.ValueHeads * _c.ValueDim;

    private void RunDeltaRule(Block block, int layer, List<Slice> slices)
    {
        _delta.Run(_f, block, layer, _wide.Pointer, _mixed.Pointer, slices);
        foreach (var slice in slices)
        {
            if (slice.Copies is { } copies)
                copies[layer] = slice.State.CopyRecurrent(layer);
        }
    }

    private void Mlp(StepBatch batch, Block block)
    {
        var n = _c.Intermediate;
        _f.Apply(block.MlpIn, _input.Pointer, _wide.Pointer, 2 * n);
        _f.PackAfter(batch.Rows, _mixed.Pointer, block.MlpOut, row =>
        {
            var gate = _wide.Pointer + ((long)row * 2 * n);
            Rows.SiluTimes(_mixed.Pointer + ((long)row * n), gate, gate + n, n);
        });
        _f.Apply(block.MlpOut, _mixed.Pointer, _out.Pointer, _c.Hidden);
    }

    private void AddMixer(StepBatch batch, Block block, int layer, int row)
    {
        var at = (long)row * _c.Hidden;
        Steer(batch, SteeringSite.MixerOutput, layer, _out.Pointer + at, row);
        Rows.Add(_hidden.Pointer + at, _out.Pointer + at, _c.Hidden);
        Rows.RmsNorm(_input.Pointer + at, _hidden.Pointer + at, block.MlpNorm.Pointer, _c.NormEpsilon, _c.Hidden);
    }

    private void AddMlp(StepBatch batch, int layer, int row)
    {
        var at = (long)row * _c.Hidden;
        Steer(batch, SteeringSite.MlpOutput, layer, _out.Pointer + at, row);
        Rows.Add(_hidden.Pointer + at, _out.Pointer + at, _c.Hidden);
        foreach (var track in batch.Slices[batch.SliceOf[row]].Recording)
        {
            if (track.Depth == layer + 1)
                new Span<float>(_hidden.Pointer + at, _c.Hidden).CopyTo(new Span<float>(track.Row(batch.Positions[row]), _c.Hidden));
        }

        Steer(batch, SteeringSite.BlockOutput, layer, _hidden.Pointer + at, row);
    }

    private void Steer(StepBatch batch, SteeringSite site, int layer, float* values, int row) =>
        batch.Slices[batch.SliceOf[row]].Steering?.Apply(site, layer, values, _c.Hidden, batch.Positions[row], batch.Reply[row]);

    private void Capture(Slice slice, int layer)
    {
        if (slice.Capture is not { } capture || !capture.Wants(layer))
            return;
        if (!capture.IsByColumn)
        {
            Take(capture, slice, layer, 0, _c.Hidden);
            return;
        }

        // Sums run over the rows in order, so workers divide the columns.
        _f.Pool.For(
            (_c.Hidden + CaptureColumns - 1) / CaptureColumns,
            (_, first, end) => Take(capture, slice, layer, first * CaptureColumns, Math.Min(end * CaptureColumns, _c.Hidden)));
    }

    private void Take(CaptureAccumulator capture, Slice slice, int layer, int from, int to)
    {
        for (var i = 0; i < slice.Count; i++)
        {
            if (capture.Reads(slice.Position + i))
                capture.Take(layer, _hidden.Pointer + ((long)(slice.Row + i) * _c.Hidden), from, to);
        }
    }
}
