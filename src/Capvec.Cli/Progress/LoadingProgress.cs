namespace Capvec.Cli.Progress;

/// <summary>
/// Shows how far the reading or writing of a model is, once it has taken long enough that a person wonders: small models come and go without a line. Work that reports to it can be
/// stopped.
/// </summary>
internal sealed class LoadingProgress : IProgress<double>, IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly ProgressDisplay? _shared;
    private readonly string _title;
    private readonly CancellationToken _cancellation;
    private readonly TimeProvider _time;
    private readonly long _begin;
    private readonly Lock _lock = new();
    private ProgressDisplay? _own;
    private IProgressStep? _step;

    /// <summary>Begins to count the time.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="cancellation">Stops the work at its next report.</param>
    /// <param name="time">The clock; the system's where null.</param>
    /// <param name="display">A display that shows other steps too; one of its own where null.</param>
    public LoadingProgress(string title, CancellationToken cancellation, TimeProvider? time = null, ProgressDisplay? display = null)
    {
        (_title, _cancellation, _time, _shared) = (title, cancellation, time ?? TimeProvider.System, display);
        _begin = _time.GetTimestamp();
    }

    /// <summary>So much of it is done.</summary>
    /// <param name="value">0 to 1.</param>
    /// <exception cref="OperationCanceledException">The work is to stop.</exception>
    public void Report(double value)
    {
        _cancellation.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_step is null)
            {
                if (_time.GetElapsedTime(_begin) < Patience || value >= 1)
                    return;
                _step = (_shared ?? (_own = ProgressDisplay.Create(_time))).Begin(_title, 1, "");
            }

            _step.Report(value);
            if (value >= 1)
                _step.Leave();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _step?.Leave();
        if (_own is not null)
            await _own.DisposeAsync();
    }
}
