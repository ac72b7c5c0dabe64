using Capvec.Numerics.Threading;

namespace Capvec.Numerics.Tests;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_item_runs_once(int workers)
    {
        using var pool = new WorkerPool(workers);
        foreach (var items in new[] { 0, 1, 2, 7, 100 })
        {
            foreach (var grain in new[] { 0, 1, 3, 1000 })
            {
                var counts = new int[items];
                for (var i = 0; i < 300; i++)
                    pool.For(items, (_, start, end) => Count(counts, start, end), grain);
                counts.ShouldAllBe(c => c == 300);
            }
        }
    }

    [Fact]
    public void A_failure_of_any_piece_reaches_the_caller_and_the_pool_goes_on()
    {
        using var pool = new WorkerPool(2);
        for (var failing = 0; failing < 8; failing++)
        {
            var counts = new int[8];
            Should.Throw<AggregateException>(() => pool.For(8, (_, start, end) => CountOrThrow(counts, start, end, failing), 1)).InnerException.ShouldBeOfType<InvalidOperationException>();
            counts.Sum().ShouldBe(7);
            pool.For(8, (_, _, _) => { });
        }
    }

    [Fact]
    public void Parked_workers_wake_up()
    {
        using var pool = new WorkerPool(2);
        using var other = new WorkerPool(2);
        for (var i = 0; i < 50; i++)
        {
            // Both pieces wait for each other, so the second worker has to come, parked or not.
            using var both = new Barrier(2);
            pool.For(2, (_, _, _) => both.SignalAndWait(), 1);
            other.For(2, (_, _, _) => Thread.SpinWait(100_000), 1);
        }
    }

    private static void Count(int[] counts, int start, int end)
    {
        for (var i = start; i < end; i++)
            Interlocked.Increment(ref counts[i]);
    }

    private static void CountOrThrow(int[] counts, int start, int end, int failing)
    {
        if (start == failing)
            throw new InvalidOperationException("on purpose");
        Count(counts, start, end);
    }
}
