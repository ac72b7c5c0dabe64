namespace Capvec.Numerics.Threading;

/// <summary>
/// A fixed set of threads that run one piece of work together: the caller is worker 0, the others wait for it, spinning first and
/// parking when nothing comes. One caller at a time.
/// </summary>
/// <remarks>
/// generation counts pieces of work; a worker runs piece g once it sees generation == g, then takes one off <c>_pending</c>;
/// <see cref="Run"/> returns when <c>_pending</c> is 0. So at most one piece is under way, and all its writes are visible after Run.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    // About 20 us: longer than the gap between two kernels of a layer, shorter than what a parked sibling process would miss.
    private const int SpinsBeforeParking = 2000;

    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private Action<int> _work = static _ => { };
    private Exception? _failure;
    private int _generation;
    private int _pending;
    private int _parked;
    private bool _stop;

    /// <summary>Starts <paramref name="workers"/> - 1 threads.</summary>
    public WorkerPool(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Workers = workers;
        _threads = new Thread[workers - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var index = i + 1;
            _threads[i] = new Thread(() => Loop(index)) { IsBackground = true, Name = $"capvec worker {index}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of workers, the caller included.</summary>
    public int Workers { get; }

    /// <summary>Runs <paramref name="work"/> once on every worker with its index and returns when all are done.</summary>
    /// <exception cref="AggregateException">A worker failed; the first failure is inside.</exception>
    public void Run(Action<int> work)
    {
        if (Workers == 1)
        {
            work(0);
            return;
        }

        _work = work;
        Volatile.Write(ref _pending, Workers - 1);
        Interlocked.Increment(ref _generation);
        if (Volatile.Read(ref _parked) > 0)
        {
            lock (_gate)
                Monitor.PulseAll(_gate);
        }

        Guarded(work, 0);
        var spin = default(SpinWait);
        while (Volatile.Read(ref _pending) > 0)
            spin.SpinOnce(sleep1Threshold: -1);

        if (_failure is { } failure)
        {
            _failure = null;
            throw new AggregateException("a compute worker failed", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _stop = true;
            Interlocked.Increment(ref _generation);
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads)
            thread.Join();
    }

    private void Loop(int index)
    {
        var seen = 0;
        while (true)
        {
            Await(ref seen);
            if (_stop)
                return;
            Guarded(_work, index);
            Interlocked.Decrement(ref _pending);
        }
    }

    private void Await(ref int seen)
    {
        for (var i = 0; i < SpinsBeforeParking; i++)
        {
            if (Volatile.Read(ref _generation) != seen)
            {
                seen = Volatile.Read(ref _generation);
                return;
            }

            Thread.SpinWait(8);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _parked);
            while (Volatile.Read(ref _generation) == seen)
                Monitor.Wait(_gate);
            Interlocked.Decrement(ref _parked);
            seen = Volatile.Read(ref _generation);
        }
    }

    private void Guarded(Action<int> work, int index)
    {
        try
        {
            work(index);
        }
        catch (Exception e)
        {
            Interlocked.CompareExchange(ref _failure, e, null);
        }
    }
}
