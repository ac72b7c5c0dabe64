using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Tests;
using Capvec.Text.Tokenizers;

namespace Capvec.Steering.Tests.Reference;

/// <summary>From recorded traces through the engine to directions: the figures that a PyTorch implementation measured on the same traces.</summary>
public sealed class PhantomDirectionsTests
{
    /// <summary>Residuals of the 178 solvable base traces at blocks 3 and 9, captured by the engine; the figures are PyTorch's, of the same traces.</summary>
    [Theory]
    [InlineData(3, 16.371, 0.9396, 0.9364)]
    [InlineData(9, 46.304, 0.9734, 0.9757)]
    public void Directions_of_the_captured_residuals_have_the_measured_lengths_and_separate_as_measured(int layer, double margin, double inSample, double heldOutHalves)
    {
        var set = ActivationSet.Load(Repository.File("tests", "fixtures", "steering", "phantom-activations.safetensors"));
        var score = LayerRanking.Compute(set, MeanDifference.Fit(set), new RankingOptions { Permutations = 99, Seed = 1 }).Layers.Single(l => l.Layer == layer);
        score.Margin.ShouldBe(margin, 2e-3);
        score.Auc.ShouldBe(inSample, 2e-4);
        score.HeldOutAuc.ShouldBe(heldOutHalves, 0.03); // direction from one half, figure from the other there; leave-one-out here
        score.GroupedAuc!.Value.ShouldBe(score.HeldOutAuc, 0.02);
        (score.P, score.PMax).ShouldBe((0.01, 0.01));
    }

    [Fact]
    public async Task Directions_of_the_recorded_traces_have_the_measured_lengths_and_separate_as_measured()
    {
#if DEBUG
        Assert.Skip("71,000 tokens take minutes without optimisation; run the Release build");
#endif
        var folder = Repository.Shared("phantom", "checkpoint");
        using var truth = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.Shared("phantom", "truth", "truth.json"), TestContext.Current.CancellationToken));
        var set = await Capture(folder, Repository.Shared("phantom", "truth", "traces", "base.jsonl"));
        (set.Traces.Length, set.Labels.Count(l => l)).ShouldBe((178, 84));

        var directions = MeanDifference.Fit(set);
        var ranking = LayerRanking.Compute(set, directions, new RankingOptions { Permutations = 99, Seed = 1 });
        var recorded = DirectionFile.Load(Repository.Shared("phantom", "truth", "vectors.safetensors") + "#same_model");
        foreach (var row in truth.RootElement.GetProperty("cross model").GetProperty("layers").EnumerateArray())
        {
            var score = ranking.Layers.Single(l => l.Layer == row.GetProperty("layer").GetInt32());
            score.Margin.ShouldBe(row.GetProperty("same_norm").GetDouble(), 2e-3);
            score.Auc.ShouldBe(row.GetProperty("same_auc_in_sample").GetDouble(), 2e-4);
            score.HeldOutAuc.ShouldBe(row.GetProperty("same_auc_held_out").GetDouble(), 0.03); // halves there, leave-one-out here
            score.GroupedAuc!.Value.ShouldBe(score.HeldOutAuc, 0.05);
            score.PMax.ShouldBe(0.01);
            directions.At(score.Layer).Cosine(recorded.At(score.Layer)).ShouldBeGreaterThan(0.9); // that one is of other traces of the same model
        }
    }

    private static async Task<ActivationSet> Capture(string folder, string traces)
    {
        using var model = LanguageModel.Load(folder);
        using var engine = new InferenceEngine(model);
        var tokenizer = Tokenizer.Load(folder);
        var captures = new List<(ActivationTrace Trace, Task<ForwardResult> Result)>();
        foreach (var line in await File.ReadAllLinesAsync(traces, TestContext.Current.CancellationToken))
        {
            using var json = JsonDocument.Parse(line);
            var family = json.RootElement.GetProperty("family").GetString()!;
            if (family is "decode-secret" or "median-value")
                continue;
            var (ids, own) = Encode(tokenizer, json.RootElement.GetProperty("messages"));
            var request = new ForwardRequest { Tokens = ids, Own = own, Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = own } };
            captures.Add((new ActivationTrace($"base-{captures.Count}", family, json.RootElement.GetProperty("reward").GetInt32() == 1), engine.ForwardAsync(request, TestContext.Current.CancellationToken)));
        }

        var values = new List<float>();
        foreach (var (_, result) in captures)
            values.AddRange((await result).Capture!.Values.SelectMany(v => v));
        return new ActivationSet([.. values], captures.Select(c => c.Trace), Enumerable.Range(0, model.Layers), model.Hidden);
    }

    private static (List<int> Ids, List<bool> Own) Encode(Tokenizer tokenizer, JsonElement messages)
    {
        var (ids, own) = (new List<int>(), new List<bool>());
        void Add(string text, bool isOwn)
        {
            var piece = tokenizer.Encode(text);
            ids.AddRange(piece);
            own.AddRange(piece.Select(_ => isOwn));
        }

        foreach (var message in messages.EnumerateArray())
        {
            var role = message.GetProperty("role").GetString();
            Add($"<|im_start|>{role}\n", false);
            Add(message.GetProperty("content").GetString() + "<|im_end|>", role == "assistant");
            Add("\n", false);
        }

        return (ids, own);
    }
}
