using Capvec.Engine.Benchmarks;

namespace Capvec.Soak;

/// <summary>
/// The process's resident memory over time. Growth is the median of the last fifth of the samples after warm-up less that of the first
/// fifth, so that one busy moment decides nothing.
/// </summary>
internal sealed class MemoryWatch
{
    /// <summary>Growth that fails a run, in bytes: more than buffers that find their size late, less than a leak of an hour.</summary>
    public const long MostGrowth = 32L << 20;

    private readonly List<double> _samples = [];

    /// <summary>Median of the first fifth.</summary>
    public long Start => Fifth(last: false);

    /// <summary>Median of the last fifth.</summary>
    public long End => Fifth(last: true);

    /// <summary>Notes the memory now, after a collection: garbage that waits is no growth.</summary>
    public void Sample()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        _samples.Add(Environment.WorkingSet);
    }

    // A run that ends early has no samples.
    private long Fifth(bool last)
    {
        if (_samples.Count == 0)
            return 0;
        var count = Math.Max(1, _samples.Count / 5);
        return (long)EngineTimer.Median(last ? _samples.TakeLast(count) : _samples.Take(count));
    }
}
