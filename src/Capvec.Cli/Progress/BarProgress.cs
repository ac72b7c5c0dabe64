using Spectre.Console;

namespace Capvec.Cli.Progress;

/// <summary>Bars on a terminal.</summary>
internal sealed class BarProgress : ProgressDisplay
{
    private readonly IAnsiConsole _console;
    private readonly RateColumn _rates = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<ProgressContext> _context = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task? _drawing;

    /// <summary>Draws on a console.</summary>
    public BarProgress(IAnsiConsole console) => _console = console;

    /// <inheritdoc/>
    public override IProgressStep Begin(string title, double total, string unit, double done = 0)
    {
        _drawing ??= Draw();
        var task = _context.Task.GetAwaiter().GetResult().AddTask(Markup.Escape(title), maxValue: Math.Max(total, double.Epsilon));
        task.Value = done;
        _rates.Describe(task.Id, unit, done);
        return new Step(task, title);
    }

    /// <inheritdoc/>
    public override void Remark(string text) => _console.WriteLine(text);

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        _end.TrySetResult();
        if (_drawing is not null)
            await _drawing;
    }

    private Task Draw() => _console.Progress()
        .AutoRefresh(true)
        .Columns(
            new TaskDescriptionColumn { Alignment = Justify.Left },
            new ProgressBarColumn { Width = 28, CompletedStyle = new Style(Color.Teal), FinishedStyle = new Style(Color.Teal), RemainingStyle = new Style(Color.Grey) },
            new PercentageColumn { CompletedStyle = Style.Plain },
            _rates,
            new RemainingTimeColumn { Style = Style.Plain })
        .StartAsync(async context =>
        {
            _context.SetResult(context);
            await _end.Task;
        });

    private sealed class Step(ProgressTask task, string title) : IProgressStep
    {
        public void Report(double done, string? note)
        {
            task.Value = done;
            if (note is not null)
                task.Description = Markup.Escape($"{title} ({note})");
        }

        public void End(string? summary)
        {
            if (summary is not null)
                task.Description = Markup.Escape($"{title}: {summary}");
            task.StopTask();
        }

        public void Leave() => End(null);
    }
}
