using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

public sealed class RequestTests : IDisposable
{
    private static readonly string Folder = Repository.File("tests", "fixtures", "models", "qwen35-tiny");
    private readonly LanguageModel _model = LanguageModel.Load(Folder);
    private readonly InferenceEngine _engine;

    public RequestTests() => _engine = new InferenceEngine(_model);

    [Fact]
    public async Task Wrong_requests_get_one_line()
    {
        var direction = new float[_model.Hidden];
        direction[0] = 1;
        (await Message(new GenerationRequest { Prompt = [] })).ShouldContain("no tokens");
        (await Message(new GenerationRequest { Prompt = [160] })).ShouldContain("ids 0 to 159");
        (await Message(new GenerationRequest { Prompt = [1, 2], Own = [true] })).ShouldContain("1 entries for 2 tokens");
        (await Message(new GenerationRequest { Prompt = new int[4096] })).ShouldContain("context is 4096");
        (await Message(new GenerationRequest { Prompt = [1], MaxTokens = 0 })).ShouldContain("at least 1");
        (await Message(new GenerationRequest { Prompt = [1], Steering = SteeringPlan.Add(5, direction, 1) })).ShouldContain("blocks 0 to 4");
        Should.Throw<CapvecException>(() => SteeringPlan.Add(1, direction.AsSpan(1..), 1)).Message.ShouldContain("length 0");
        (await Message(new GenerationRequest { Prompt = [1], Steering = SteeringPlan.Add(1, [1f, 2f], 1) })).ShouldContain("made for another model");
    }

    [Fact]
    public async Task A_stop_token_a_callback_and_the_limit_end_a_reply()
    {
        var free = await _engine.GenerateAsync(new GenerationRequest { Prompt = [7, 8, 9], MaxTokens = 10 }, TestContext.Current.CancellationToken);
        free.Finish.ShouldBe(FinishReason.Length);
        free.Tokens.Length.ShouldBe(10);
        free.LogProbs.Length.ShouldBe(10);

        var stop = free.Tokens[4];
        var stopped = await _engine.GenerateAsync(new GenerationRequest { Prompt = [7, 8, 9], MaxTokens = 10, StopTokens = [stop] }, TestContext.Current.CancellationToken);
        stopped.Finish.ShouldBe(FinishReason.StopToken);
        stopped.StopToken.ShouldBe(stop);
        stopped.Tokens.ShouldBe(free.Tokens.TakeWhile(t => t != stop));
        stopped.LogProbs.Length.ShouldBe(stopped.Tokens.Length + 1);

        var heard = new List<int>();
        var called = await _engine.GenerateAsync(new GenerationRequest { Prompt = [7, 8, 9], MaxTokens = 10, OnToken = (id, _) => Hear(heard, id) < 3 }, TestContext.Current.CancellationToken);
        called.Finish.ShouldBe(FinishReason.Callback);
        called.Tokens.ShouldBe(free.Tokens.Take(3));
        heard.ShouldBe(called.Tokens);
    }

    [Fact]
    public async Task A_reply_ends_at_the_models_context()
    {
        var result = await _engine.GenerateAsync(new GenerationRequest { Prompt = [.. Enumerable.Repeat(5, 4090)], MaxTokens = 100 }, TestContext.Current.CancellationToken);
        result.Tokens.Length.ShouldBe(6);
        result.Finish.ShouldBe(FinishReason.Length);
    }

    [Fact]
    public async Task A_callback_that_fails_fails_its_own_request_only()
    {
        var others = Enumerable.Range(0, 5).Select(i => _engine.GenerateAsync(new GenerationRequest { Prompt = [i + 4], MaxTokens = 30 }, TestContext.Current.CancellationToken)).ToArray();
        var failing = _engine.GenerateAsync(new GenerationRequest { Prompt = [3], OnToken = (_, _) => throw new InvalidOperationException("on purpose") }, TestContext.Current.CancellationToken);
        (await Should.ThrowAsync<InvalidOperationException>(failing)).Message.ShouldBe("on purpose");
        (await Task.WhenAll(others)).ShouldAllBe(r => r.Tokens.Length == 30);
    }

    [Fact]
    public async Task Cancelled_requests_end_and_the_rest_goes_on()
    {
        using var source = new CancellationTokenSource();
        var cancelled = _engine.GenerateAsync(new GenerationRequest { Prompt = [5], MaxTokens = 4000, OnToken = (_, _) => Cancel(source) }, source.Token);
        var other = _engine.GenerateAsync(new GenerationRequest { Prompt = [6], MaxTokens = 50 }, TestContext.Current.CancellationToken);
        await Should.ThrowAsync<OperationCanceledException>(cancelled);
        (await other).Tokens.Length.ShouldBe(50);
    }

    [Fact]
    public async Task More_requests_than_sequences_wait_their_turn()
    {
        using var small = new InferenceEngine(_model, new EngineOptions { MaxSequences = 3, RowsPerStep = 8 });
        var many = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => small.GenerateAsync(new GenerationRequest { Prompt = [i + 4, i + 5], MaxTokens = 5 }, TestContext.Current.CancellationToken)));
        for (var i = 0; i < many.Length; i++)
            many[i].Tokens.ShouldBe((await _engine.GenerateAsync(new GenerationRequest { Prompt = [i + 4, i + 5], MaxTokens = 5 }, TestContext.Current.CancellationToken)).Tokens);
    }

    [Fact]
    public async Task Disposing_the_engine_cancels_what_is_left()
    {
        var engine = new InferenceEngine(_model);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var endless = engine.GenerateAsync(new GenerationRequest { Prompt = [5], MaxTokens = 4000, OnToken = (_, _) => started.TrySetResult() || true }, TestContext.Current.CancellationToken);
        await started.Task;
        engine.Dispose();
        await Should.ThrowAsync<OperationCanceledException>(endless);
        Should.Throw<ObjectDisposedException>(() => engine.GenerateAsync(new GenerationRequest { Prompt = [5] }).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Sampling_follows_the_probabilities()
    {
        var forward = await _engine.ForwardAsync(new ForwardRequest { Tokens = [7, 8, 9], Logits = LogitRows.Last }, TestContext.Current.CancellationToken);
        var max = forward.Logits.Max();
        var weights = forward.Logits.Select(l => Math.Exp((l - max) / 0.8)).ToArray();
        var p = weights.Select(w => w / weights.Sum()).ToArray();
        const int Draws = 4000;
        var counts = new int[p.Length];
        foreach (var result in await Task.WhenAll(Enumerable.Range(0, Draws).Select(i => _engine.GenerateAsync(new GenerationRequest { Prompt = [7, 8, 9], MaxTokens = 1, Sampling = new SamplingOptions { Temperature = 0.8f, Seed = (ulong)i } }, TestContext.Current.CancellationToken))))
            counts[result.Tokens[0]]++;
        for (var id = 0; id < p.Length; id++)
            counts[id].ShouldBeInRange((int)((Draws * p[id]) - (5 * Math.Sqrt(Draws * p[id])) - 5), (int)((Draws * p[id]) + (5 * Math.Sqrt(Draws * p[id])) + 5));
    }

    [Fact]
    public async Task Filters_keep_the_likeliest_tokens()
    {
        var forward = await _engine.ForwardAsync(new ForwardRequest { Tokens = [7, 8, 9], Logits = LogitRows.Last }, TestContext.Current.CancellationToken);
        var max = forward.Logits.Max();
        var weights = forward.Logits.Select((l, id) => (Id: id, P: Math.Exp(l - max))).OrderByDescending(w => w.P).ToArray();
        var total = weights.Sum(w => w.P);
        await Only(new SamplingOptions { TopK = 3 }, weights.Take(3));
        var sum = 0.0;
        await Only(new SamplingOptions { TopP = 0.5f }, weights.TakeWhile(w => (sum += w.P) - w.P < 0.5 * total).ToArray());
        await Only(new SamplingOptions { MinP = 0.2f }, weights.Where(w => w.P >= 0.2));

        async Task Only(SamplingOptions options, IEnumerable<(int Id, double P)> kept)
        {
            var allowed = kept.Select(k => k.Id).ToHashSet();
            var results = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => _engine.GenerateAsync(new GenerationRequest { Prompt = [7, 8, 9], MaxTokens = 1, Sampling = options with { Seed = (ulong)i } }, TestContext.Current.CancellationToken)));
            results.ShouldAllBe(r => allowed.Contains(r.Tokens[0]));
            results.Select(r => r.Tokens[0]).Distinct().Count().ShouldBeGreaterThan(allowed.Count / 2);
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    private static int Hear(List<int> heard, int id)
    {
        heard.Add(id);
        return heard.Count;
    }

    private static bool Cancel(CancellationTokenSource source)
    {
        source.Cancel();
        return true;
    }

    private async Task<string> Message(GenerationRequest request)
    {
        var e = await Should.ThrowAsync<CapvecException>(async () => await _engine.GenerateAsync(request));
        e.Message.ShouldNotContain("\n");
        return e.Message;
    }
}
