using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>A sequence gives the same bits whatever it shares the engine with. Compared with ==, on every kernel path; a class for each kind of product.</summary>
public abstract class BitwiseTests : IDisposable
{
    private static readonly string Folder = Repository.File("tests", "fixtures", "models", "qwen35-tiny");
    private readonly Activations _activations;
    private readonly LanguageModel _model;
    private readonly LoraAdapter _all;
    private readonly LoraAdapter _rs;

    /// <param name="quantised">Whether weights are q8_0.</param>
    /// <param name="activations">What these meet.</param>
    protected BitwiseTests(bool quantised, Activations activations)
    {
        _activations = activations;
        _model = quantised ? ConvertedModel.Load(Folder, "q8_0") : LanguageModel.Load(Folder);
        _all = _model.LoadAdapter(Path.Combine(Folder, "lora-all"));
        _rs = _model.LoadAdapter(Path.Combine(Folder, "lora-rs"));
    }

    public static TheoryData<KernelPath> Paths() => [.. KernelPaths.Supported];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Alone_and_in_a_batch_of_sixteen(KernelPath path)
    {
        var forward = Enumerable.Range(0, 16).Select(Forward).ToArray();
        var generation = Enumerable.Range(0, 16).Select(i => Generation(i)).ToArray();
        using var together = Engine(path);
        var forwards = forward.Select(r => together.ForwardAsync(r, TestContext.Current.CancellationToken)).ToArray();
        var generations = generation.Select(r => together.GenerateAsync(r, TestContext.Current.CancellationToken)).ToArray();
        await Task.WhenAll([.. forwards, .. generations]);

        using var alone = new InferenceEngine(_model, new EngineOptions { Kernels = path, Activations = _activations, CacheBytes = 0 });
        for (var i = 0; i < 16; i++)
        {
            Same(await alone.ForwardAsync(forward[i], TestContext.Current.CancellationToken), await forwards[i]);
            Same(await alone.GenerateAsync(generation[i], TestContext.Current.CancellationToken), await generations[i]);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Chunked_and_in_one_piece(KernelPath path)
    {
        using var whole = Engine(path, rows: 512);
        foreach (var rows in new[] { 1, 5, 7, 64 })
        {
            using var chunked = Engine(path, rows);
            for (var i = 0; i < 4; i++)
            {
                Same(await whole.ForwardAsync(Forward(i), TestContext.Current.CancellationToken), await chunked.ForwardAsync(Forward(i), TestContext.Current.CancellationToken));
                Same(await whole.GenerateAsync(Generation(i), TestContext.Current.CancellationToken), await chunked.GenerateAsync(Generation(i), TestContext.Current.CancellationToken));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task With_one_thread_and_with_three(KernelPath path)
    {
        using var one = new InferenceEngine(_model, new EngineOptions { Kernels = path, Activations = _activations, Threads = 1 });
        using var three = new InferenceEngine(_model, new EngineOptions { Kernels = path, Activations = _activations, Threads = 3 });
        for (var i = 0; i < 4; i++)
            Same(await one.ForwardAsync(Forward(i), TestContext.Current.CancellationToken), await three.ForwardAsync(Forward(i), TestContext.Current.CancellationToken));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Alpha_zero_and_no_steering(KernelPath path)
    {
        using var engine = Engine(path);
        foreach (var operation in new[] { SteeringOperation.Add, SteeringOperation.AddKeepNorm })
        {
            var zero = new SteeringPlan([.. Enumerable.Range(0, _model.Layers).Select(l => new Intervention(operation, l, Direction(l), 0f))]);
            Same(await engine.ForwardAsync(Forward(0) with { Steering = SteeringPlan.None }, TestContext.Current.CancellationToken), await engine.ForwardAsync(Forward(0) with { Steering = zero }, TestContext.Current.CancellationToken));
            Same(await engine.GenerateAsync(Generation(0) with { Steering = SteeringPlan.None }, TestContext.Current.CancellationToken), await engine.GenerateAsync(Generation(0) with { Steering = zero }, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_continued_session_and_a_fresh_start(KernelPath path)
    {
        using var engine = Engine(path);
        using var plain = new InferenceEngine(_model, new EngineOptions { Kernels = path, Activations = _activations, CacheBytes = 0 });
        for (var i = 0; i < 6; i++)
        {
            using var session = engine.OpenSession();
            var first = Generation(i) with { Session = session, MaxTokens = 9 };
            var reply = await engine.GenerateAsync(first, TestContext.Current.CancellationToken);
            int[] prompt = [.. first.Prompt, .. reply.Tokens, 5, 6, 7];
            bool[] own = [.. new bool[first.Prompt.Count], .. reply.Tokens.Select(_ => true), false, false, false];
            var second = first with { Prompt = prompt, Own = own };
            var continued = await engine.GenerateAsync(second, TestContext.Current.CancellationToken);
            var fresh = await plain.GenerateAsync(second with { Session = null }, TestContext.Current.CancellationToken);
            continued.CachedTokens.ShouldBe(first.Prompt.Count + reply.Tokens.Length - 1);
            fresh.CachedTokens.ShouldBe(0);
            Same(continued, fresh);
        }
    }

    [Fact]
    public async Task A_session_is_not_continued_under_other_steering_adapter_tokens_or_roles()
    {
        using var engine = Engine(KernelPaths.Default);
        using var plain = new InferenceEngine(_model, new EngineOptions { Activations = _activations, CacheBytes = 0 });
        using var session = engine.OpenSession();
        var first = Generation(1) with { Session = session };
        int[] longer = [.. first.Prompt, 9, 9];
        int[] other = [first.Prompt[0] + 1, .. first.Prompt.Skip(1), 9, 9];
        var owned = new bool[longer.Length];
        owned[0] = true;
        foreach (var second in new[] { first with { Prompt = longer, Steering = SteeringPlan.Add(2, Direction(2), 3) }, first with { Prompt = longer, Adapter = _rs }, first with { Prompt = other }, first with { Prompt = longer, Own = owned } })
        {
            await engine.GenerateAsync(first with { MaxTokens = 1 }, TestContext.Current.CancellationToken);
            var result = await engine.GenerateAsync(second, TestContext.Current.CancellationToken);
            result.CachedTokens.ShouldBe(0);
            Same(result, await plain.GenerateAsync(second with { Session = null }, TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void Kernels_that_the_machine_cannot_run_are_refused() =>
        Should.Throw<CapvecException>(() => new InferenceEngine(_model, new EngineOptions { Kernels = (KernelPath)99 })).Message.ShouldContain("cannot run 99 kernels; it has");

    [Fact]
    public async Task Masks_follow_roles_and_positions()
    {
        using var engine = Engine(KernelPaths.Default);
        var request = Forward(3) with { Adapter = null };
        var n = request.Tokens.Count;
        var own = Enumerable.Range(0, n).Select(i => i % 5 is 2 or 3).ToArray();
        var generatedOnly = await Steered(SteeringMask.GeneratedOnly, own);
        var promptOnly = await Steered(SteeringMask.PromptOnly, [.. own.Select(o => !o)]);
        Same(generatedOnly, promptOnly);
        Same(await Steered(new SteeringMask(From: 4, To: 9), own), await Steered(SteeringMask.GeneratedOnly, [.. Enumerable.Range(0, n).Select(i => i is >= 4 and < 9)]));
        Same(await Steered(SteeringMask.GeneratedOnly, new bool[n]), await engine.ForwardAsync(request with { Steering = SteeringPlan.None, Own = null }, TestContext.Current.CancellationToken));
        (await Steered(SteeringMask.All, own)).Logits.ShouldNotBe(generatedOnly.Logits);

        Task<ForwardResult> Steered(SteeringMask mask, bool[] roles) =>
            engine.ForwardAsync(request with { Own = roles, Steering = SteeringPlan.Add(1, Direction(1), 4, mask) }, TestContext.Current.CancellationToken);
    }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _all.Dispose();
        _rs.Dispose();
        _model.Dispose();
    }

    private static void Same(ForwardResult a, ForwardResult b)
    {
        a.Logits.AsSpan().SequenceEqual(b.Logits).ShouldBeTrue();
        a.NextLogProbs.AsSpan().SequenceEqual(b.NextLogProbs).ShouldBeTrue();
        foreach (var (x, y) in a.Capture!.Values.Zip(b.Capture!.Values))
            x.AsSpan().SequenceEqual(y).ShouldBeTrue();
    }

    private static void Same(GenerationResult a, GenerationResult b)
    {
        a.Tokens.ShouldBe(b.Tokens);
        a.LogProbs.AsSpan().SequenceEqual(b.LogProbs).ShouldBeTrue();
        a.Finish.ShouldBe(b.Finish);
    }

    private InferenceEngine Engine(KernelPath path, int rows = 100) =>
        new(_model, new EngineOptions { Kernels = path, Activations = _activations, RowsPerStep = rows, MaxSequences = Math.Min(rows, 40) });

    private ForwardRequest Forward(int i) => new()
    {
        Tokens = Tokens(i, 20 + (13 * i % 60)),
        Adapter = i % 3 == 1 ? _all : i % 3 == 2 ? _rs : null,
        Steering = i % 2 == 0 ? SteeringPlan.None : SteeringPlan.Add(i % _model.Layers, Direction(i), i - 6),
        Logits = LogitRows.All,
        NextLogProbs = true,
        Capture = new CaptureRequest { Reduction = (CaptureReduction)(i % 3) },
    };

    private GenerationRequest Generation(int i) => new()
    {
        Prompt = Tokens(100 + i, 5 + (7 * i % 40)),
        Adapter = i % 4 == 1 ? _all : i % 4 == 2 ? _rs : null,
        Steering = i % 2 == 0 ? SteeringPlan.None : new SteeringPlan([new Intervention(SteeringOperation.Ablate, i % _model.Layers, Direction(i)), new Intervention(SteeringOperation.Add, 2, Direction(i + 1), 2, SteeringMask.GeneratedOnly)]),
        Sampling = new SamplingOptions { Temperature = i % 3, TopK = i % 5 * 10, TopP = i % 2 == 0 ? 1 : 0.9f, RepetitionPenalty = i % 4 == 3 ? 1.2f : 1, Seed = (ulong)i },
        MaxTokens = 12 + i,
        StopTokens = [3],
    };

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
