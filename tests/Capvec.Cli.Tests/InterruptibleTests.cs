using Capvec.Cli.Hosting;

namespace Capvec.Cli.Tests;

public sealed class InterruptibleTests
{
    [Fact]
    public async Task A_calculation_that_asks_nothing_is_left_behind_at_once()
    {
        using var started = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        using var stop = new CancellationTokenSource();
        var ended = new TaskCompletionSource();
        var running = Interruptible.RunAsync(
            () =>
            {
                started.Set();
                end.Wait();
                ended.SetResult();
                return 1;
            },
            stop.Token);
        started.Wait(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(running);
        end.Set();
        await ended.Task;
    }

    [Fact]
    public async Task Its_result_and_its_error_come_through()
    {
        (await Interruptible.RunAsync(() => 7, TestContext.Current.CancellationToken)).ShouldBe(7);
        await Should.ThrowAsync<InvalidDataException>(Interruptible.RunAsync<int>(() => throw new InvalidDataException(), TestContext.Current.CancellationToken));
    }
}
