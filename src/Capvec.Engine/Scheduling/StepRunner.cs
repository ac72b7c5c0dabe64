using Capvec.Engine.Batching;
using Capvec.Engine.Layers;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Engine.Sampling;
using Capvec.Numerics.Memory;
using Capvec.Numerics.Threading;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// Composes steps and runs them. Used by the engine's thread alone.
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
    private readonly Queue<EngineWork> _waiting = new();
    private readonly List<EngineWork> _active = [];
    private readonly List<(EngineWork Work, int Rows)> _shares = [];
    private readonly Stack<SequenceState> _free = new();
    private readonly HashSet<SequenceState> _all = [];

    public StepRunner(LanguageModel model, EngineOptions options)
    {
        (_model, _options) = (model, options);
        _pool = new WorkerPool(options.Threads);
        _context = new ForwardContext(_pool, options.Kernels);
        _network = new TextNetwork(model.Weights, _context, options.RowsPerStep);
        _batch = new StepBatch(options.RowsPerStep);
        _logits = new NativeBuffer<float>((long)Math.Min(LogitBlock, options.RowsPerStep) * model.Vocabulary);
        _samplers = [.. Enumerable.Range(0, options.Threads).Select(_ => new TokenSampler(model.Vocabulary))];
    }

    public long RowsComputed { get; private set; }

    public void Add(EngineWork work) => _waiting.Enqueue(work);

    /// <summary>Frees a session's state, now or when its request ends.</summary>
    public void Close(EngineSession session)
    {
        session.MarkClosed();
        if (session.Take() is { } state)
            Recycle(state);
    }

    /// <summary>Runs one step; false when there is nothing to do.</summary>
    public bool Step()
    {
        DropCancelled();
        Admit();
        if (_active.Count == 0)
            return false;
        try
        {
            Compose();
            _network.Run(_batch);
            RowsComputed += _batch.Rows;
            foreach (var (work, rows) in _shares)
            {
                var state = work.State!;
                var from = state.Length;
                for (var i = from; i < from + rows; i++)
                {
                    state.Tokens.Add(work.Tokens[i]);
                    state.Own.Add(work.Own[i]);
                }
            }

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

        foreach (var (work, _) in _shares)
            Advance(work);
        return true;
    }

    /// <summary>Cancels everything.</summary>
    public void Abandon()
    {
        foreach (var work in _waiting.Concat(_active))
            work.Cancel();
        _waiting.Clear();
        _active.Clear();
    }

    public void Dispose()
    {
        foreach (var state in _all)
            state.Dispose();
        foreach (var sampler in _samplers)
            sampler.Dispose();
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

    private void Admit()
    {
        while (_active.Count < _options.MaxSequences && _waiting.TryDequeue(out var work))
        {
            if (work.Cancellation.IsCancellationRequested)
            {
                work.Cancel();
                continue;
            }

            var continues = work.Session is { } session && session.Continues(work);
            var state = work.Session?.Take() ?? NewState();
            if (!continues)
                state.Clear();
            if (work is GenerationWork generation)
                generation.CachedTokens = state.Length;
            work.State = state;
            _active.Add(work);
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
                Share(work, 1, ref budget);
        }

        foreach (var work in _active)
        {
            if (work.Pending > 1 && budget > 0)
                Share(work, Math.Min(work.Pending, budget), ref budget);
        }

        if (_shares.Any(s => s.Work.Adapter is not null))
        {
            var sorted = _shares.OrderBy(s => s.Work.Adapter is null ? 0 : s.Work.Adapter.GetHashCode()).ToList();
            _shares.Clear();
            _shares.AddRange(sorted);
        }

        _batch.Clear();
        foreach (var (work, rows) in _shares)
        {
            var position = work.State!.Length;
            var slice = new Slice { State = work.State, Row = _batch.Rows, Position = position, Count = rows, Adapter = work.Adapter, Steering = work.Steering, Capture = work.Capture };
            _batch.Add(slice, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(work.Tokens)[position..], System.Runtime.InteropServices.CollectionsMarshal.AsSpan(work.Own)[position..]);
            for (var i = 0; i < rows; i++)
            {
                if (work.WantsLogits(position + i))
                    _batch.WantLogits(slice.Row + i);
            }
        }
    }

    private void Share(EngineWork work, int rows, ref int budget)
    {
        _shares.Add((work, rows));
        budget -= rows;
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
                    var work = _shares[_batch.SliceOf[row]].Work;
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
        if (work.Session is { IsClosed: false } session)
            session.Keep(work.State!, work.Adapter, work.Plan);
        else
            Recycle(work.State!);
    }

    private void Discard(EngineWork work)
    {
        _active.Remove(work);
        if (work.State is { } state)
            Recycle(state);
        work.State = null;
    }

    private SequenceState NewState()
    {
        if (_free.TryPop(out var state))
            return state;
        state = new SequenceState(_model.Config);
        _all.Add(state);
        return state;
    }

    private void Recycle(SequenceState state)
    {
        state.Clear();
        _free.Push(state);
    }
}
