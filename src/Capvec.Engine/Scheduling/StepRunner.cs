using Capvec.Engine.Batching;
using Capvec.Engine.Layers;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Engine.Sampling;
using Capvec.Engine.Sharing;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// Composes steps, runs them and keeps what others can start from. Used by the engine's thread alone.
/// </summary>
/// <remarks>
/// waiting -> active (has a state) -> finished. For each active work: 0 &lt;= State.Length &lt;= Tokens.Count, and a step raises State.Length by the rows it gave the work.
/// rows of a step &lt;= RowsPerStep; active works &lt;= MaxSequences &lt;= RowsPerStep, so every writing sequence gets its row in every step.
/// </remarks>
internal sealed unsafe class StepRunner : IDisposable
{
    // Logits are computed for so many rows at a time: a real vocabulary has 250,000 entries a row.
    private const int LogitBlock = 64;

    private readonly LanguageModel _model;
    private readonly EngineOptions _options;
    private readonly WorkerPool _pool;
    private readonly ForwardContext _context;
    private readonly TextNetwork _network;
    private readonly StepBatch _batch;
    private readonly NativeBuffer<float> _logits;
    private readonly TokenSampler[] _samplers;
    private readonly StateMemory _memory;
    private readonly PrefixCache _cache;
    private readonly Admission _admission;
    private readonly List<EngineWork> _active = [];
    private readonly List<(EngineWork Work, int Rows)> _shares = [];
    private readonly List<EngineWork> _workOfSlice = [];
    private readonly List<(EngineWork Work, int Length, Page?[]? Copies)> _cuts = [];

    public StepRunner(LanguageModel model, EngineOptions options, MemoryPlan plan)
    {
        (_model, _options) = (model, options);
        _pool = new WorkerPool(options.Threads);
        _context = new ForwardContext(_pool, options.Kernels, options.Activations);
        _network = new TextNetwork(model.Weights, _context, options.RowsPerStep);
        _batch = new StepBatch(options.RowsPerStep);
        _logits = new NativeBuffer<float>(LogitFloats(model.Config, options));
        _memory = new StateMemory(new StateLayout(model.Config));
        _cache = new PrefixCache(_memory.Layout, options.CacheBytes);
        _admission = new Admission(_cache, _memory, options, plan);
        _samplers = [.. Enumerable.Range(0, options.Threads).Select(_ => new TokenSampler(model.Vocabulary))];
    }

    /// <summary>Elements of the logits of a step.</summary>
    public static long LogitFloats(ModelConfig config, EngineOptions options) => (long)Math.Min(LogitBlock, options.RowsPerStep) * config.Vocabulary;

    public long RowsComputed { get; private set; }

    public EngineCounters Counters => new(RowsComputed, _admission.CachedTokens, _admission.TrunkLayerTokens, _admission.Waits, _cache.Count, _cache.Bytes, _cache.Evictions);

    public void Add(EngineWork work) => _admission.Add(work);

    /// <summary>Frees a session's state, now or when its request ends.</summary>
    public void Close(EngineSession session)
    {
        session.MarkClosed();
        session.Take()?.Clear();
    }

    /// <summary>Runs one step; false when there is nothing to do.</summary>
    public bool Step()
    {
        DropCancelled();
        _admission.Admit(_active);
        if (_active.Count == 0)
            return false;
        try
        {
            Compose();
            _network.Run(_batch);
            RowsComputed += _batch.Rows;
            foreach (var (work, rows) in _shares)
                work.State!.Steps.AddRange(work.Steps.Slice(work.State.Length, rows));
            foreach (var (work, length, copies) in _cuts)
                Keep(work, length, copies);
            ReadLogits();
        }
        catch (Exception e)
        {
            // States may be half updated: every sequence of the step fails, loudly, and starts anew if asked again.
            foreach (var (work, _) in _shares)
            {
                work.Fail(Unwrap(e));
                Discard(work);
            }

            return true;
        }
        finally
        {
            foreach (var page in _cuts.SelectMany(cut => cut.Copies ?? []))
                page?.Release();
            _cuts.Clear();
        }

        foreach (var (work, _) in _shares)
            Advance(work);
        return true;
    }

    /// <summary>Cancels everything.</summary>
    public void Abandon()
    {
        _admission.Abandon();
        foreach (var work in _active)
            work.Cancel();
        _active.Clear();
    }

    public void Dispose()
    {
        foreach (var sampler in _samplers)
            sampler.Dispose();
        _memory.Dispose();
        _logits.Dispose();
        _network.Dispose();
        _context.Dispose();
        _pool.Dispose();
    }

    private static Exception Unwrap(Exception e) => e is AggregateException { InnerException: { } inner } ? inner : e;

    private void DropCancelled()
    {
        for (var i = _active.Count - 1; i >= 0; i--)
        {
            var work = _active[i];
            if (!work.Cancellation.IsCancellationRequested)
                continue;
            work.Cancel();
            Discard(work);
        }
    }

    // Writing sequences first, a row each; what is left goes to prompts in order of arrival. Then works with the same adapter are put side by side.
    private void Compose()
    {
        _shares.Clear();
        var budget = _options.RowsPerStep;
        foreach (var work in _active)
        {
            if (work.Pending == 1)
                Share(work, ref budget);
        }

        foreach (var work in _active)
        {
            if (work.Pending > 1 && budget > 0)
                Share(work, ref budget);
        }

        if (_shares.Any(s => s.Work.Adapter is not null || Entry(s.Work) > 0))
        {
            var sorted = _shares.OrderBy(s => Entry(s.Work)).ThenBy(s => s.Work.Adapter is null ? 0 : s.Work.Adapter.GetHashCode()).ToList();
            _shares.Clear();
            _shares.AddRange(sorted);
        }

        _batch.Clear();
        _workOfSlice.Clear();
        foreach (var (work, rows) in _shares)
            Slice(work, work.State!.Length, work.State.Length + rows);
    }

    // Rows below the trunk's end enter above it; those after it, in a step of their own, at the bottom.
    private static int Entry(EngineWork work) => work.State!.Length < work.State.TrunkLength ? work.State.TrunkDepth : 0;

    private void Share(EngineWork work, ref int budget)
    {
        var rows = Math.Min(Entry(work) > 0 ? work.State!.TrunkLength - work.State.Length : work.Pending, budget);
        _shares.Add((work, rows));
        budget -= rows;
    }

    private void Slice(EngineWork work, int from, int end)
    {
        var state = work.State!;
        var entry = Entry(work);
        IReadOnlyList<ResidualTrack> recording = entry == 0 && from < work.PromptLength ? [.. work.RecordedDepths.Select(state.Track)] : [];
        for (var wave = 0; from < end; wave++)
        {
            var to = from + 1;
            while (to < end && !IsCut(work, to))
                to++;
            var copies = to < end ? new Page?[_model.Layers] : null;
            var slice = new Slice
            {
                State = state,
                Row = _batch.Added,
                Position = from,
                Count = to - from,
                Entry = entry,
                Wave = wave,
                Copies = copies,
                Recording = recording,
                Adapter = work.Adapter,
                Steering = work.Steering,
                Capture = work.Capture,
            };
            _batch.Add(slice, work.TokenSpan[from..], work.ReplySpan[from..]);
            _workOfSlice.Add(work);
            if (IsCut(work, to))
                _cuts.Add((work, to, copies));
            for (var i = 0; i < slice.Count; i++)
            {
                if (work.WantsLogits(from + i))
                    _batch.WantLogits(slice.Row + i);
            }

            from = to;
        }
    }

    private bool IsCut(EngineWork work, int length) => _cache.IsOn && work.IsCut(length, _options.SnapshotEvery);

    // Under its own steps, and what steering has not reached under the plain tokens, for arms that are steered otherwise.
    private void Keep(EngineWork work, int length, Page?[]? copies)
    {
        var isSteered = work.IsSteeredBefore(length);
        _cache.Add(work.Adapter, work.Steps[..length], work.State!.Keep(length, _model.Layers, copies, isTrunk: !isSteered));
        if (isSteered && length <= work.PromptLength && length >= work.State.TrunkLength && work.TrunkDepth > 0)
            _cache.Add(work.Adapter, work.Trunk[..length], work.State.Keep(length, work.TrunkDepth, copies, isTrunk: true));
    }

    private void ReadLogits()
    {
        var wanted = _batch.LogitRows.ToArray();
        for (var start = 0; start < wanted.Length; start += LogitBlock)
        {
            var block = wanted.AsMemory(start, Math.Min(LogitBlock, wanted.Length - start));
            _network.Logits(block.Span, _logits.Pointer);
            _pool.For(block.Length, (worker, first, end) =>
            {
                for (var i = first; i < end; i++)
                {
                    var row = block.Span[i];
                    var work = _workOfSlice[_batch.SliceOf[row]];
                    try
                    {
                        work.Read(_batch.Positions[row], _logits.Pointer + ((long)i * _model.Vocabulary), _samplers[worker]);
                    }
                    catch (Formats.Errors.CapvecException e)
                    {
                        work.Fail(e);
                    }
                }
            });
        }
    }

    private void Advance(EngineWork work)
    {
        bool finished;
        try
        {
            finished = work.HasFailed || work.Advance();
        }
        catch (Exception e)
        {
            // A callback of the caller failed: that request fails, the others go on.
            work.Fail(e);
            finished = true;
        }

        if (!finished)
            return;
        if (work.HasFailed)
        {
            Discard(work);
            return;
        }

        _active.Remove(work);
        var state = work.State!;
        work.State = null;
        if (work.Session is { IsClosed: false } session)
        {
            session.Keep(state, work.Adapter);
            return;
        }

        if (_cache.IsOn && state.Length - Math.Max(work.StartLength, work.PromptLength - 1) >= EngineWork.LeastShared)
            _cache.Add(work.Adapter, work.Steps[..state.Length], state.Keep(state.Length, _model.Layers, null, isTrunk: false));
        state.Clear();
    }

    private void Discard(EngineWork work)
    {
        _active.Remove(work);
        work.State?.Clear();
        work.State = null;
    }
}
