namespace Capvec.Numerics.Threading;

/// <summary>
/// A fixed set of threads that share the pieces of a loop: the caller is worker 0, the others help when they get to it. They spin for
/// the next loop first and park when none comes. One caller at a time.
/// </summary>
/// <remarks>
/// Pieces are claimed, not assigned, so a worker that the operating system has put aside (sandboxed commands share the machine) holds up at most the one
/// piece that it is in; a worker that wakes late finds nothing left and touches nothing. Which worker computes a piece never
/// changes its result. A loop is done when <c>Completed == Items</c>; all its writes are then visible to the caller.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    // About 30 us in pauses of 0.3 us: longer than the gap between two kernels of a layer, shorter than what a waiting process would miss.
    private const int SpinsBeforeParking = 100;

    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private volatile Loop? _current;
    private int _parked;
    private volatile bool _stop;

    /// <summary>Starts <paramref name="workers"/> - 1 threads.</summary>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _threads = new Thread[workers - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var index = i + 1;
            _threads[i] = new Thread(() => Help(index)) { IsBackground = true, Name = $"capvec worker {index}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Workers { get; }

    /// <summary>Runs <paramref name="body"/>(worker, start, end) over disjoint ranges that cover <c>[0, items)</c> and returns when all are done.</summary>
    /// <param name="items">Number of items.</param>
    /// <param name="body">Called with the worker's index and a range; ranges of one worker do not overlap in time.</param>
    /// <param name="grain">Items of a piece; 0 makes about four pieces a worker.</param>
    /// <exception cref="AggregateException">A piece failed; the first failure is inside, the other pieces have run.</exception>
    public void For(int items, Action<int, int, int> body, int grain = 0)
    {
        if (items <= 0)
            return;
        if (grain <= 0)
            grain = Math.Max(1, items / (4 * Workers));
        var loop = new Loop(items, grain, body);
        if (Workers > 1 && items > grain)
        {
            _current = loop;
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref _parked) > 0)
            {
                lock (_gate)
                    Monitor.PulseAll(_gate);
            }
        }

        loop.Work(0);
        var spin = default(SpinWait);
        while (!loop.IsDone)
            spin.SpinOnce(sleep1Threshold: -1);
        if (loop.Failure is { } failure)
            throw new AggregateException("a compute worker failed", failure);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _stop = true;
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
            thread.Join();
    }

    private void Help(int index)
    {
        Loop? seen = null;
        while (!_stop)
        {
            var loop = Await(seen);
            loop?.Work(index);
            seen = loop;
        }
    }

    private Loop? Await(Loop? seen)
    {
        for (var i = 0; i < SpinsBeforeParking && !_stop; i++)
        {
            if (_current != seen)
                return _current;
            Thread.SpinWait(8);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _parked);
            while (_current == seen && !_stop)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _parked);
            return _current;
        }
    }

    private sealed class Loop(int items, int grain, Action<int, int, int> body)
    {
        private int _next;
        private int _completed;
        private Exception? _failure;

        public Exception? Failure => _failure;

        public bool IsDone => Volatile.Read(ref _completed) == items;

        public void Work(int worker)
        {
            while (Volatile.Read(ref _next) < items)
            {
                var start = Interlocked.Add(ref _next, grain) - grain;
                if (start >= items)
                    return;
                var end = Math.Min(start + grain, items);
                try
                {
                    body(worker, start, end);
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref _failure, e, null);
                }

                Interlocked.Add(ref _completed, end - start);
            }
        }
    }
}
