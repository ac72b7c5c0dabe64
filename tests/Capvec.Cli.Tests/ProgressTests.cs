using Capvec.Cli.Progress;

namespace Capvec.Cli.Tests;

public sealed class ProgressTests
{
    [Fact]
    public void Plain_progress_says_rate_and_time_left_and_keeps_quiet_between_steps()
    {
        var time = new ManualTime();
        using var writer = new StringWriter { NewLine = "\n" };
        var step = new PlainProgress(writer, time).Begin("sweep", 200, "trials");
        for (var done = 1; done <= 100; done++)
        {
            time.Advance(TimeSpan.FromSeconds(0.5));
            step.Report(done, done >= 50 ? "31 passed" : null);
        }

        step.End();
        step.End();
        writer.ToString().ShouldBe("""
            sweep: 20 of 200 trials, 2.0/s, 1 min 30 s left
            sweep: 40 of 200 trials, 2.0/s, 1 min 20 s left
            sweep: 60 of 200 trials (31 passed), 2.0/s, 1 min 10 s left
            sweep: 80 of 200 trials (31 passed), 2.0/s, 1 min 0 s left
            sweep: 100 of 200 trials (31 passed), 2.0/s, 50 s left
            sweep: ended, 100 of 200 trials (31 passed) in 50 s

            """);
    }

    [Fact]
    public void Plain_progress_of_a_quick_step_is_one_line()
    {
        using var writer = new StringWriter { NewLine = "\n" };
        var step = new PlainProgress(writer, new ManualTime()).Begin("loading", 1, "");
        step.Report(0.5);
        step.Report(1);
        step.End();
        writer.ToString().ShouldBe("loading: done, 100% in 0 s\n");
    }

    [Fact]
    public async Task Loading_is_shown_once_it_takes_a_while_and_can_be_stopped()
    {
        var time = new ManualTime();
        using var writer = new StringWriter { NewLine = "\n" };
        using var stop = new CancellationTokenSource();
        await using (var loading = new LoadingProgress("loading m", stop.Token, time, new PlainProgress(writer, time)))
        {
            time.Advance(TimeSpan.FromSeconds(1));
            loading.Report(0.1);
            writer.ToString().ShouldBeEmpty();
            time.Advance(TimeSpan.FromSeconds(1));
            loading.Report(0.2);
            time.Advance(TimeSpan.FromSeconds(4));
            loading.Report(0.6);
            await stop.CancelAsync();
            Should.Throw<OperationCanceledException>(() => loading.Report(0.7));
        }

        writer.ToString().ShouldBe("loading m: 60%, 3 s left\nloading m: ended, 60% in 4 s\n");
    }

    [Fact]
    public async Task What_loads_at_once_gets_no_line()
    {
        var time = new ManualTime();
        using var writer = new StringWriter { NewLine = "\n" };
        await using (var loading = new LoadingProgress("loading m", CancellationToken.None, time, new PlainProgress(writer, time)))
        {
            time.Advance(TimeSpan.FromSeconds(1.9));
            loading.Report(0.5);
            time.Advance(TimeSpan.FromSeconds(1));
            loading.Report(1);
        }

        writer.ToString().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_loaded_before_a_line_said_how_far_gets_none_in_the_end()
    {
        var time = new ManualTime();
        using var writer = new StringWriter { NewLine = "\n" };
        await using (var loading = new LoadingProgress("loading m", CancellationToken.None, time, new PlainProgress(writer, time)))
        {
            time.Advance(TimeSpan.FromSeconds(2.5));
            loading.Report(0.5);
            time.Advance(TimeSpan.FromSeconds(2));
            loading.Report(1);
        }

        writer.ToString().ShouldBeEmpty();
    }

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan span) => _now += span.Ticks;

        public override long GetTimestamp() => _now;
    }
}
