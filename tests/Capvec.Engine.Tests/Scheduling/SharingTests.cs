using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>What is shared, counted: positions times blocks that are not computed, to the last one.</summary>
public sealed class SharingTests : IDisposable
{
    private const int Prompt = 200;
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));
    private readonly CancellationToken _cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_prompt_again_computes_its_last_token_only()
    {
        using var engine = new InferenceEngine(_model);
        var first = await engine.GenerateAsync(Request(), _cancel);
        first.CachedTokens.ShouldBe(0);
        var rows = engine.RowsComputed;
        var second = await engine.GenerateAsync(Request(), _cancel);
        second.CachedTokens.ShouldBe(Prompt - 1);
        (engine.RowsComputed - rows).ShouldBe(second.Tokens.Length);
        Same(first, second);
    }

    [Fact]
    public async Task The_next_turn_starts_at_the_end_of_the_reply_without_a_session()
    {
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        var first = await engine.GenerateAsync(Request() with { MaxTokens = 30 }, _cancel);
        int[] prompt = [.. Tokens(1, Prompt), .. first.Tokens, 7, 8, 9];
        var next = Request() with { Prompt = prompt };
        var second = await engine.GenerateAsync(next, _cancel);
        second.CachedTokens.ShouldBe(Prompt + first.Tokens.Length - 1);
        Same(second, await plain.GenerateAsync(next, _cancel));
    }

    [Fact]
    public async Task Twelve_arms_that_arrive_together_compute_the_blocks_below_their_steering_once()
    {
        const int Layer = 2;
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        var arms = Enumerable.Range(0, 12).Select(i => Request() with { Steering = i == 5 ? SteeringPlan.None : SteeringPlan.Add(Layer, Direction(1), i - 5) }).ToArray();
        var results = await Together(engine, arms);
        for (var i = 0; i < arms.Length; i++)
            Same(results[i], await plain.GenerateAsync(arms[i], _cancel));
        var counters = engine.Counters;
        counters.TrunkLayerTokens.ShouldBe(11 * (Prompt - 1) * (Layer + 1));
        counters.Waits.ShouldBe(11);
    }

    [Fact]
    public async Task Arms_without_a_plain_one_share_what_the_deepest_computes()
    {
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        var arms = new[] { 1, 4, 2, 4 }.Select((layer, i) => Request() with { Steering = SteeringPlan.Add(layer, Direction(i), 4) }).ToArray();
        var results = await Together(engine, arms);
        for (var i = 0; i < arms.Length; i++)
            Same(results[i], await plain.GenerateAsync(arms[i], _cancel));
        engine.Counters.TrunkLayerTokens.ShouldBe((2 + 3 + 5) * (Prompt - 1));
    }

    [Fact]
    public async Task An_arm_that_arrives_later_enters_where_an_earlier_one_was_steered()
    {
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        await engine.GenerateAsync(Request() with { Steering = SteeringPlan.Add(3, Direction(1), 2) }, _cancel);
        var arm = Request() with { Steering = SteeringPlan.Add(3, Direction(2), -2) };
        var result = await engine.GenerateAsync(arm, _cancel);
        result.CachedTokens.ShouldBe(0);
        engine.Counters.TrunkLayerTokens.ShouldBe(4 * (Prompt - 1));
        Same(result, await plain.GenerateAsync(arm, _cancel));
    }

    [Fact]
    public async Task A_plain_request_keeps_what_arms_of_late_have_entered_with()
    {
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        await engine.GenerateAsync(Request() with { Prompt = Tokens(2, Prompt), Steering = SteeringPlan.Add(2, Direction(1), 2) }, _cancel);
        await engine.GenerateAsync(Request(), _cancel);
        var arm = Request() with { Steering = SteeringPlan.Add(2, Direction(2), 5) };
        var result = await engine.GenerateAsync(arm, _cancel);
        engine.Counters.TrunkLayerTokens.ShouldBe(3 * (Prompt - 1));
        Same(result, await plain.GenerateAsync(arm, _cancel));
    }

    [Fact]
    public async Task Steering_of_generated_tokens_shares_the_whole_prompt()
    {
        using var engine = new InferenceEngine(_model);
        await engine.GenerateAsync(Request(), _cancel);
        var result = await engine.GenerateAsync(Request() with { Steering = SteeringPlan.Add(0, Direction(1), 2, SteeringMask.GeneratedOnly) }, _cancel);
        result.CachedTokens.ShouldBe(Prompt - 1);
    }

    [Fact]
    public async Task A_mask_that_begins_later_shares_the_prompt_up_to_there()
    {
        using var engine = new InferenceEngine(_model, new EngineOptions { SnapshotEvery = 50 });
        await engine.GenerateAsync(Request(), _cancel);
        var result = await engine.GenerateAsync(Request() with { Steering = SteeringPlan.Add(0, Direction(1), 2, new SteeringMask(From: 120)) }, _cancel);
        result.CachedTokens.ShouldBe(100);
    }

    [Fact]
    public async Task Tasks_that_arrive_together_share_the_prompt_that_they_have_in_common()
    {
        using var engine = new InferenceEngine(_model);
        var system = Tokens(1, 130);
        var tasks = Enumerable.Range(0, 6).Select(i => Request() with { Prompt = [.. system, .. Tokens(50 + i, 20 + i)] }).ToArray();
        var results = await Together(engine, tasks);
        results.Count(r => r.CachedTokens == system.Length).ShouldBe(5);
    }

    [Fact]
    public async Task Positions_of_which_something_is_wanted_are_computed()
    {
        using var engine = new InferenceEngine(_model, new EngineOptions { SnapshotEvery = 50 });
        using var plain = Plain();
        await engine.GenerateAsync(Request(), _cancel);
        var chosen = Enumerable.Range(0, Prompt).Select(i => i is 120 or 170).ToArray();
        var capture = new ForwardRequest { Tokens = Tokens(1, Prompt), Capture = new CaptureRequest { Reduction = CaptureReduction.All, Tokens = chosen } };
        var before = engine.Counters.CachedTokens;
        var result = await engine.ForwardAsync(capture, _cancel);
        (engine.Counters.CachedTokens - before).ShouldBe(100);
        result.Capture!.Tokens.ShouldBe(2);
        foreach (var (a, b) in result.Capture.Values.Zip((await plain.ForwardAsync(capture, _cancel)).Capture!.Values))
            a.ShouldBe(b);
    }

    [Fact]
    public async Task Passes_steered_alike_compute_above_their_trunks_what_they_begin_with_once()
    {
        const int Layer = 2, Common = 120;
        using var engine = new InferenceEngine(_model);
        using var plain = Plain();
        int[][] texts = [[.. Tokens(1, Common), .. Tokens(3, 50)], [.. Tokens(1, Common), .. Tokens(4, 60)]];
        ForwardRequest Pass(int[] text) => new() { Tokens = text, Score = new ScoreRequest { Targets = [.. text.Select((_, i) => i >= Common)] } };
        await Together(engine, [.. texts.Select(text => Pass(text) with { KeepTrunks = [Layer] })], engine.ForwardAsync);
        var before = engine.Counters;
        ForwardRequest[] arms = [.. texts.Select(text => Pass(text) with { Steering = SteeringPlan.Add(Layer, Direction(1), 3) })];
        var results = await Together(engine, arms, engine.ForwardAsync);

        // What predicts the first token scored is computed by each.
        (engine.Counters.CachedTokens - before.CachedTokens).ShouldBe(Common - 1);
        (engine.Counters.TrunkLayerTokens - before.TrunkLayerTokens).ShouldBe((Layer + 1) * (Common + 50 + 60 + 1));
        for (var i = 0; i < arms.Length; i++)
            results[i].Scores!.LogProbs.ShouldBe((await plain.ForwardAsync(arms[i], _cancel)).Scores!.LogProbs);
    }

    [Fact]
    public async Task A_scored_pass_keeps_no_state_that_none_like_it_could_start_from()
    {
        using var engine = new InferenceEngine(_model, new EngineOptions { SnapshotEvery = 64 });
        await engine.ForwardAsync(new ForwardRequest { Tokens = Tokens(1, Prompt), Score = new ScoreRequest { Targets = [.. Enumerable.Range(0, Prompt).Select(i => i >= 100)] } }, _cancel);
        engine.Counters.KeptPrefixes.ShouldBe(1);
        await engine.ForwardAsync(new ForwardRequest { Tokens = Tokens(1, Prompt), Logits = LogitRows.Last }, _cancel);
        engine.Counters.CachedTokens.ShouldBe(64);
        engine.Counters.KeptPrefixes.ShouldBe(4);
    }

    [Fact]
    public async Task What_is_kept_stays_within_its_budget()
    {
        const long Budget = 1 << 20;
        using var engine = new InferenceEngine(_model, new EngineOptions { CacheBytes = Budget, SnapshotEvery = 64 });
        for (var i = 0; i < 30; i++)
        {
            await engine.GenerateAsync(Request() with { Prompt = Tokens(i, Prompt) }, _cancel);
            engine.Counters.KeptBytes.ShouldBeInRange(1, Budget);
        }

        engine.Counters.Evictions.ShouldBeGreaterThan(0);
    }

    public void Dispose() => _model.Dispose();

    private static void Same(GenerationResult a, GenerationResult b)
    {
        a.Tokens.ShouldBe(b.Tokens);
        a.LogProbs.ShouldBe(b.LogProbs);
    }

    // The engine's thread is held in a callback until all requests are in the queue.
    private Task<GenerationResult[]> Together(InferenceEngine engine, GenerationRequest[] requests) => Together(engine, requests, engine.GenerateAsync);

    private async Task<TResult[]> Together<TRequest, TResult>(InferenceEngine engine, TRequest[] requests, Func<TRequest, CancellationToken, Task<TResult>> run)
    {
        using var queued = new ManualResetEventSlim();
        using var held = new ManualResetEventSlim();
        var holder = engine.GenerateAsync(new GenerationRequest { Prompt = [5], MaxTokens = 1, OnToken = (_, _) => Hold() }, _cancel);
        held.Wait(_cancel);
        var running = requests.Select(r => run(r, _cancel)).ToArray();
        queued.Set();
        await holder;
        return await Task.WhenAll(running);

        bool Hold()
        {
            held.Set();
            queued.Wait(_cancel);
            return true;
        }
    }

    private InferenceEngine Plain() => new(_model, new EngineOptions { CacheBytes = 0, Threads = 1 });

    private GenerationRequest Request() => new() { Prompt = Tokens(1, Prompt), MaxTokens = 6 };

    private int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(4, _model.Vocabulary))];
    }

    private float[] Direction(int seed)
    {
        var random = new Random(1000 + seed);
        return [.. Enumerable.Range(0, _model.Hidden).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}
