using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Engine.Tests.Goldens;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>The rules of <see cref="BitwiseTests"/> for the families without a delta rule, with biases, without norms, and with odd widths. Compared with ==, on every kernel path.</summary>
public sealed class FamilyBitwiseTests
{
    public static TheoryData<string, KernelPath> ModelsAndPaths() => TinyModel.OnEveryPath(["qwen3-tiny", "qwen2-tiny", "llama-tiny", "llama-plain"]);

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task Alone_together_chunked_and_on_three_threads(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        var forwards = Enumerable.Range(0, 8).Select(i => Forward(tiny, i)).ToArray();
        var generations = Enumerable.Range(0, 8).Select(i => Generation(tiny, i)).ToArray();
        using var alone = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path, RowsPerStep = 512 });
        using var together = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path, RowsPerStep = 100 });
        using var chunked = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path, RowsPerStep = 7, MaxSequences = 7, Threads = 3 });
        var many = forwards.Select(r => together.ForwardAsync(r, TestContext.Current.CancellationToken)).ToArray();
        var manyMore = generations.Select(r => together.GenerateAsync(r, TestContext.Current.CancellationToken)).ToArray();
        for (var i = 0; i < forwards.Length; i++)
        {
            var forward = await alone.ForwardAsync(forwards[i], TestContext.Current.CancellationToken);
            var reply = await alone.GenerateAsync(generations[i], TestContext.Current.CancellationToken);
            Same(forward, await many[i]);
            Same(forward, await chunked.ForwardAsync(forwards[i], TestContext.Current.CancellationToken));
            Same(reply, await manyMore[i]);
            Same(reply, await chunked.GenerateAsync(generations[i], TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task A_continued_session_and_a_fresh_start(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        using var engine = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path });
        for (var i = 0; i < 4; i++)
        {
            using var session = engine.OpenSession();
            var first = Generation(tiny, i) with { Session = session };
            var reply = await engine.GenerateAsync(first, TestContext.Current.CancellationToken);
            int[] prompt = [.. first.Prompt, .. reply.Tokens, 5, 6, 7];
            bool[] own = [.. new bool[first.Prompt.Count], .. reply.Tokens.Select(_ => true), false, false, false];
            var second = first with { Prompt = prompt, Own = own };
            var continued = await engine.GenerateAsync(second, TestContext.Current.CancellationToken);
            continued.CachedTokens.ShouldBeGreaterThan(first.Prompt.Count);

            using var other = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path });
            Same(continued, await other.GenerateAsync(second with { Session = null }, TestContext.Current.CancellationToken));
        }
    }

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task Alpha_zero_and_no_steering(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        using var engine = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path });
        var zero = new SteeringPlan([.. Enumerable.Range(0, tiny.Model.Layers).Select(l => new Intervention(SteeringOperation.Add, l, Direction(tiny, l), 0f))]);
        var plain = Forward(tiny, 0) with { Steering = SteeringPlan.None };
        Same(await engine.ForwardAsync(plain, TestContext.Current.CancellationToken), await engine.ForwardAsync(plain with { Steering = zero }, TestContext.Current.CancellationToken));
    }

    private static void Same(ForwardResult a, ForwardResult b)
    {
        a.Logits.AsSpan().SequenceEqual(b.Logits).ShouldBeTrue();
        foreach (var (x, y) in a.Capture!.Values.Zip(b.Capture!.Values))
            x.AsSpan().SequenceEqual(y).ShouldBeTrue();
    }

    private static void Same(GenerationResult a, GenerationResult b)
    {
        a.Tokens.ShouldBe(b.Tokens);
        a.LogProbs.AsSpan().SequenceEqual(b.LogProbs).ShouldBeTrue();
    }

    private static ForwardRequest Forward(TinyModel tiny, int i) => new()
    {
        Tokens = Tokens(tiny, i, 20 + (13 * i % 60)),
        Steering = i % 2 == 0 ? SteeringPlan.None : SteeringPlan.Add(i % tiny.Model.Layers, Direction(tiny, i), i - 4),
        Logits = LogitRows.All,
        Capture = new CaptureRequest { Reduction = (CaptureReduction)(i % 3) },
    };

    private static GenerationRequest Generation(TinyModel tiny, int i) => new()
    {
        Prompt = Tokens(tiny, 100 + i, 5 + (7 * i % 40)),
        Steering = i % 2 == 0 ? SteeringPlan.None : SteeringPlan.Add(1, Direction(tiny, i), 2, SteeringMask.GeneratedOnly),
        Sampling = new SamplingOptions { Temperature = i % 3, Seed = (ulong)i },
        MaxTokens = 9 + i,
    };

    private static int[] Tokens(TinyModel tiny, int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(tiny.Model.Vocabulary))];
    }

    private static float[] Direction(TinyModel tiny, int seed)
    {
        var random = new Random(1000 + seed);
        return [.. Enumerable.Range(0, tiny.Model.Hidden).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}
