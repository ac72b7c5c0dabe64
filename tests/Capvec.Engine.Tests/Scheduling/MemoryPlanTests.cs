using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Scheduling;

public sealed class MemoryPlanTests : IDisposable
{
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));

    [Fact]
    public void A_sequence_takes_whole_pages_and_the_rest_of_the_memory_is_for_sequences()
    {
        var plan = new MemoryPlan(Available: 1000, Weights: 300, Scratch: 100, Cache: 50, Sequence: 40, Page: 10);
        plan.States.ShouldBe(550);
        plan.StateOf(1).ShouldBe(50);
        plan.StateOf(64).ShouldBe(50);
        plan.StateOf(65).ShouldBe(60);
        plan.SequencesOf(65).ShouldBe(9); // 60 each
        (plan with { Available = 400 }).SequencesOf(1).ShouldBe(0);
        var large = new MemoryPlan(Available: 20L << 30, Weights: 5L << 30, Scratch: 1L << 30, Cache: 2L << 30, Sequence: 64L << 20, Page: 1L << 20);
        large.Describe().ShouldBe("memory: weights 5.0 GiB, step 1.0 GiB, kept states at most 2.0 GiB; a sequence of 8,192 positions takes 192.0 MiB (64.0 MiB of it recurrent state), so 64 fit into the 12.0 GiB left of 20.0 GiB");
        plan.Check();
        plan.Check(51 * 64);
        Should.Throw<CapvecException>(() => plan.Check((51 * 64) + 1)).Message.ShouldContain("3265 positions");
        Should.Throw<CapvecException>((plan with { Available = 499 }).Check).Message.ShouldContain("does not fit into memory");
    }

    [Fact]
    public void The_plan_of_an_engine_counts_the_bytes_of_the_files()
    {
        using var engine = new InferenceEngine(_model, new EngineOptions { CacheBytes = 1 << 20 });
        var tensors = new FileInfo(Path.Combine(_model.Folder, "model.safetensors")).Length;
        engine.Memory.Weights.ShouldBeInRange(tensors / 2, 3 * tensors);
        engine.Memory.Cache.ShouldBe(1 << 20);
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_with_numbers()
    {
        using var probe = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0 });
        var rest = probe.Memory.Weights + probe.Memory.Scratch;
        using var engine = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0, MemoryBytes = rest + probe.Memory.StateOf(128) });
        (await engine.GenerateAsync(new GenerationRequest { Prompt = new int[128], MaxTokens = 1 }, TestContext.Current.CancellationToken)).Tokens.Length.ShouldBe(1);
        var refusal = await Should.ThrowAsync<CapvecException>(async () => await engine.GenerateAsync(new GenerationRequest { Prompt = new int[129], MaxTokens = 1 }, TestContext.Current.CancellationToken));
        refusal.Message.ShouldContain("129 positions");
        refusal.Message.ShouldContain("MiB");
        Should.Throw<CapvecException>(() => new InferenceEngine(_model, new EngineOptions { CacheBytes = 0, MemoryBytes = rest })).Message.ShouldContain("does not fit");
        Should.Throw<CapvecException>(() => MemoryPlan.CheckWeights("models/big", 3L << 30, 2L << 30)).Message.ShouldContain("take 3.0 GiB in memory, but only 2.0 GiB are available");
    }

    [Fact]
    public async Task Sequences_that_do_not_fit_together_take_turns()
    {
        using var probe = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0 });
        using var engine = new InferenceEngine(_model, new EngineOptions { CacheBytes = 0, MemoryBytes = probe.Memory.Weights + probe.Memory.Scratch + probe.Memory.StateOf(256) });
        var order = new List<int>();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => engine.GenerateAsync(new GenerationRequest { Prompt = [.. Enumerable.Repeat(4 + i, 200)], MaxTokens = 5, OnToken = (_, _) => Note(order, i) }, TestContext.Current.CancellationToken)));
        order.ShouldBe(Enumerable.Range(0, 6).SelectMany(i => Enumerable.Repeat(i, 5)));
    }

    public void Dispose() => _model.Dispose();

    private static bool Note(List<int> order, int request)
    {
        order.Add(request);
        return true;
    }
}
