namespace Capvec.Cli.Progress;

/// <summary>Plain lines: at the begin and end of a step, and between them every 10% but not more often than every three seconds.</summary>
internal sealed class PlainProgress : ProgressDisplay
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private readonly TextWriter _writer;
    private readonly TimeProvider _time;

    /// <summary>Writes lines.</summary>
    public PlainProgress(TextWriter writer, TimeProvider time) => (_writer, _time) = (writer, time);

    /// <inheritdoc/>
    public override IProgressStep Begin(string title, double total, string unit, double done = 0) => new Step(this, title, total, unit, done);

    /// <inheritdoc/>
    public override void Remark(string text)
    {
        lock (_lock)
            _writer.WriteLine(text);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Step : IProgressStep
    {
        private readonly PlainProgress _display;
        private readonly string _title;
        private readonly double _total;
        private readonly string _unit;
        private readonly double _before;
        private readonly long _begin;
        private long _last;
        private double _done;
        private double _shown;
        private string? _note;
        private bool _isShown;
        private bool _ended;

        public Step(PlainProgress display, string title, double total, string unit, double done)
        {
            (_display, _title, _total, _unit) = (display, title, total, unit);
            _before = _done = _shown = done;
            _begin = _last = display._time.GetTimestamp();
        }

        public void Report(double done, string? note)
        {
            lock (_display._lock)
            {
                (_done, _note) = (done, note ?? _note);
                if (_ended || _display._time.GetElapsedTime(_last) < Between || _done - _shown < _total / 10)
                    return;
                _last = _display._time.GetTimestamp();
                (_shown, _isShown) = (_done, true);
                var elapsed = _display._time.GetElapsedTime(_begin);
                var rate = (_done - _before) / elapsed.TotalSeconds;
                var left = rate > 0 ? $", {ProgressText.Duration(TimeSpan.FromSeconds((_total - _done) / rate))} left" : "";
                _display._writer.WriteLine($"{_title}: {Amount()}{(_unit.Length > 0 ? $", {ProgressText.Rate(rate)}" : "")}{left}");
            }
        }

        public void End(string? summary)
        {
            lock (_display._lock)
            {
                if (_ended)
                    return;
                _ended = true;
                _display._writer.WriteLine($"{_title}: {(_done >= _total ? "done" : "ended")}, {summary ?? Amount()} in {ProgressText.Duration(_display._time.GetElapsedTime(_begin))}");
            }
        }

        public void Leave()
        {
            lock (_display._lock)
            {
                if (_isShown)
                    End(null);
                _ended = true;
            }
        }

        private string Amount()
        {
            var share = _total > 0 ? _done / _total : 1;
            var amount = _unit.Length > 0 ? $"{_done:0} of {_total:0} {_unit}" : $"{share * 100:0}%";
            return _note is null ? amount : $"{amount} ({_note})";
        }
    }
}
