using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Tests.Goldens;

/// <summary>The tiny random checkpoints against transformers and PEFT: plain, steered and adapted, on every kernel path.</summary>
public sealed class TinyModelTests
{
    public static TheoryData<string, KernelPath> ModelsAndPaths() => TinyModel.OnEveryPath(TinyModel.All);

    public static TheoryData<string, KernelPath> ModelsWithRunsAndPaths() => TinyModel.OnEveryPath(TinyModel.WithRuns);

    [Theory]
    [MemberData(nameof(ModelsAndPaths))]
    public async Task Plain_sequences_agree(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        using var engine = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path });
        foreach (var length in new[] { 1, 3, 37, 150 })
        {
            var tokens = tiny.Tokens($"seq{length}.tokens");
            var result = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Logits = LogitRows.All, NextLogProbs = length > 1, Capture = new CaptureRequest { Reduction = CaptureReduction.All } }, TestContext.Current.CancellationToken);
            Compare.Rows(result.Capture!.Values.SelectMany(v => v).ToArray(), tiny.Tensors.ReadFloat32($"seq{length}.resid_post"), tiny.Model.Hidden, Tolerances.Residual, $"seq{length}.resid_post");
            var expected = tiny.Tensors.ReadFloat32($"seq{length}.logits");
            var logits = result.Logits.AsSpan(result.Logits.Length - expected.Length);
            Compare.Rows(logits, expected, tiny.Model.Vocabulary, Tolerances.Logits, $"seq{length}.logits");
            Compare.Absolute(logits, expected, Tolerances.LogitsAbsolute, $"seq{length}.logits");
            if (length > 1)
                Compare.Absolute(result.NextLogProbs, tiny.Tensors.ReadFloat32($"seq{length}.next_logprob"), Tolerances.LogProb, $"seq{length}.next_logprob");
        }

        var greedy = await engine.GenerateAsync(new GenerationRequest { Prompt = tiny.Tokens("seq37.tokens"), MaxTokens = 24 }, TestContext.Current.CancellationToken);
        greedy.Tokens.ShouldBe(tiny.Tokens("base.greedy"));
    }

    [Theory]
    [MemberData(nameof(ModelsWithRunsAndPaths))]
    public async Task Steered_and_adapted_runs_agree(string name, KernelPath path)
    {
        using var tiny = new TinyModel(name);
        using var engine = new InferenceEngine(tiny.Model, new EngineOptions { Kernels = path });
        var adapters = new Dictionary<string, LoraAdapter>();
        var compared = 0;
        foreach (var run in tiny.Json.GetProperty("runs").EnumerateObject())
        {
            if (run.Value.TryGetProperty("weights", out _))
                continue; // edited weights: baking is compared elsewhere
            LoraAdapter? adapter = null;
            if (run.Value.TryGetProperty("adapter", out var adapterName) && !adapters.TryGetValue(adapterName.GetString()!, out adapter))
                adapters[adapterName.GetString()!] = adapter = tiny.Model.LoadAdapter(Path.Combine(tiny.Folder, adapterName.GetString()!));
            var plan = tiny.Plan(run.Value);
            var tokens = tiny.Tokens(run.Value.GetProperty("tokens").GetString()!);
            var positions = run.Value.GetProperty("positions").EnumerateArray().Select(p => p.GetInt32()).ToHashSet();
            var mask = Enumerable.Range(0, tokens.Length).Select(positions.Contains).ToArray();
            var result = await engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Adapter = adapter, Steering = plan, Logits = LogitRows.All, Capture = new CaptureRequest { Reduction = CaptureReduction.All, Tokens = mask } }, TestContext.Current.CancellationToken);
            Compare.Rows(result.Capture!.Values.SelectMany(v => v).ToArray(), tiny.Tensors.ReadFloat32(run.Name + ".resid_post"), tiny.Model.Hidden, Tolerances.Residual, run.Name + ".resid_post");
            var logits = positions.Order().SelectMany(p => result.Logits.AsSpan(p * tiny.Model.Vocabulary, tiny.Model.Vocabulary).ToArray()).ToArray();
            Compare.Rows(logits, tiny.Tensors.ReadFloat32(run.Name + ".logits"), tiny.Model.Vocabulary, Tolerances.Logits, run.Name + ".logits");
            compared++;
            if (tiny.Tensors.Tensors.ContainsKey(run.Name + ".greedy"))
            {
                var prompt = tiny.Tokens("seq37.tokens");
                var greedy = await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Adapter = adapter, Steering = plan, Sampling = SamplingOptions.Greedy, MaxTokens = 24 }, TestContext.Current.CancellationToken);
                greedy.Tokens.ShouldBe(tiny.Tokens(run.Name + ".greedy"), run.Name);
            }
        }

        compared.ShouldBeGreaterThan(0);
    }
}
