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

    private sealed class ManualTime : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan span) => _now += span.Ticks;

        public override long GetTimestamp() => _now;
    }
}
