using System.Diagnostics;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Numerics.Kernels;

namespace Capvec.Soak;

/// <summary>Keeps an engine busy with random requests and compares every result with the same request alone, on an engine that has seen nothing else.</summary>
/// <param name="model">The model.</param>
/// <param name="maker">Makes the requests.</param>
/// <param name="clients">Requests that are under way at once.</param>
/// <param name="activations">What activations are beside quantised weights.</param>
internal sealed class SoakRun(LanguageModel model, RequestMaker maker, int clients, Activations activations) : IDisposable
{
    // Small enough that it is full, and states are dropped, within the warm-up.
    private const long CacheBytes = 64L << 20;

    private readonly InferenceEngine _engine = new(model, new EngineOptions { Activations = activations, CacheBytes = CacheBytes });
    private readonly SemaphoreSlim _oneReference = new(1);
    private readonly Lock _gate = new();
    private int _compared;
    private int _cancelled;

    /// <summary>Results compared.</summary>
    public int Compared => Volatile.Read(ref _compared);

    /// <summary>Requests given up on purpose.</summary>
    public int Cancelled => Volatile.Read(ref _cancelled);

    /// <summary>Results that differed, each with what differed; the run ends at the first.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>What the loaded engine has computed and shared.</summary>
    public EngineCounters Counters => _engine.Counters;

    /// <summary>The memory after warm-up.</summary>
    public MemoryWatch Memory { get; } = new();

    /// <summary>Runs for a time.</summary>
    /// <param name="time">How long.</param>
    /// <param name="warmUp">How much of it passes before memory is looked at.</param>
    /// <param name="every">Time between looks at the memory.</param>
    /// <param name="tell">Told how it goes at each look.</param>
    public async Task ForAsync(TimeSpan time, TimeSpan warmUp, TimeSpan every, Action tell)
    {
        using var end = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var work = Enumerable.Range(0, clients).Select(_ => Task.Run(() => ClientAsync(end))).ToArray();
        try
        {
            while (clock.Elapsed < time)
            {
                await Task.Delay(every < time - clock.Elapsed ? every : TimeSpan.FromMilliseconds(Math.Max(1, (time - clock.Elapsed).TotalMilliseconds)), end.Token);
                if (clock.Elapsed >= warmUp)
                    Memory.Sample();
                tell();
            }
        }
        catch (OperationCanceledException)
        {
            // A client has found a wrong result.
        }

        await end.CancelAsync();
        await Task.WhenAll(work);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _oneReference.Dispose();
    }

    private async Task ClientAsync(CancellationTokenSource end)
    {
        while (!end.IsCancellationRequested)
        {
            SoakRequest request;
            lock (_gate)
                request = maker.Next();
            if (await DifferenceAsync(request) is { } difference)
            {
                lock (_gate)
                    Wrong.Add(difference);
                await end.CancelAsync();
            }
        }
    }

    private async Task<string?> DifferenceAsync(SoakRequest request)
    {
        try
        {
            string? difference;
            if (request.Generation is { } generation)
            {
                using var cancel = new CancellationTokenSource();
                var seen = 0;
                var asked = request.CancelAfter is not { } after ? generation : generation with
                {
                    OnToken = (_, _) =>
                    {
                        if (seen++ == after)
                            cancel.Cancel();
                        return true;
                    },
                };
                var loaded = await _engine.GenerateAsync(asked, cancel.Token);
                difference = await AloneAsync(async engine => ResultComparison.Difference(loaded, await engine.GenerateAsync(generation)));
            }
            else
            {
                using var cancel = new CancellationTokenSource();
                var running = _engine.ForwardAsync(request.Forward!, cancel.Token);
                if (request.CancelAfter is not null)
                    await cancel.CancelAsync();
                var loaded = await running;
                difference = await AloneAsync(async engine => ResultComparison.Difference(loaded, await engine.ForwardAsync(request.Forward!)));
            }

            Interlocked.Increment(ref _compared);
            return difference is null ? null : $"{Describe(request)}: {difference}";
        }
        catch (OperationCanceledException) when (request.CancelAfter is not null)
        {
            Interlocked.Increment(ref _cancelled);
            return null;
        }
    }

    // One at a time: the references should not outweigh the load.
    private async Task<string?> AloneAsync(Func<InferenceEngine, Task<string?>> compare)
    {
        await _oneReference.WaitAsync();
        try
        {
            using var fresh = new InferenceEngine(model, new EngineOptions { Activations = activations, Threads = 1, MaxSequences = 1, CacheBytes = 0 });
            return await compare(fresh);
        }
        finally
        {
            _oneReference.Release();
        }
    }

    private static string Describe(SoakRequest request) => request.Generation is { } g
        ? $"reply to {g.Prompt.Count} tokens (first {g.Prompt[0]}), {g.MaxTokens} new, adapter {g.Adapter?.Name ?? "none"}, steering {g.Steering.Fingerprint}, temperature {g.Sampling.Temperature}, seed {g.Sampling.Seed}"
        : $"pass over {request.Forward!.Tokens.Count} tokens (first {request.Forward.Tokens[0]}), adapter {request.Forward.Adapter?.Name ?? "none"}, steering {request.Forward.Steering.Fingerprint}";
}
