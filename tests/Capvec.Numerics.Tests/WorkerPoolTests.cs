using Capvec.Numerics.Threading;

namespace Capvec.Numerics.Tests;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_worker_runs_each_piece_once(int workers)
    {
        using var pool = new WorkerPool(workers);
        var counts = new int[workers];
        for (var i = 0; i < 2000; i++)
            pool.Run(w => counts[w]++);
        counts.ShouldAllBe(c => c == 2000);
    }

    [Fact]
    public void A_failure_of_any_worker_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(2);
        for (var failing = 0; failing < 2; failing++)
        {
            Should.Throw<AggregateException>(() => pool.Run(w => ThrowIf(w == failing))).InnerException.ShouldBeOfType<InvalidOperationException>();
            pool.Run(_ => { });
        }
    }

    [Fact]
    public void Parked_workers_wake_up()
    {
        using var pool = new WorkerPool(2);
        using var other = new WorkerPool(2);
        for (var i = 0; i < 50; i++)
        {
            var ran = 0;
            pool.Run(_ => Interlocked.Increment(ref ran));
            ran.ShouldBe(2);
            other.Run(_ => Thread.SpinWait(200_000));
        }
    }

    [Fact]
    public void Shares_cover_all_items_once()
    {
        for (var workers = 1; workers < 9; workers++)
        {
            var at = 0;
            for (var w = 0; w < workers; w++)
            {
                var (start, end) = Split.Static(17, w, workers);
                start.ShouldBe(at);
                at = end;
            }

            at.ShouldBe(17);
        }
    }

    private static void ThrowIf(bool fail)
    {
        if (fail)
            throw new InvalidOperationException("on purpose");
    }
}
