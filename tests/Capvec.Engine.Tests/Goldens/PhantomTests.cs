using System.Text.Json;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Safetensors;
using Capvec.Tests;

namespace Capvec.Engine.Tests.Goldens;

/// <summary>The phantom against transformers: last-token logits and residuals, greedy replies of base, adapters and steered runs, means over whole episodes.</summary>
public sealed class PhantomTests : IDisposable
{
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("models", "phantom", "checkpoint"));
    private readonly SafetensorsFile _tensors = SafetensorsFile.Open(Repository.File("tests", "fixtures", "phantom", "goldens.safetensors"));
    private readonly SafetensorsFile _vectors = SafetensorsFile.Open(Repository.File("tests", "fixtures", "phantom", "vectors.safetensors"));
    private readonly InferenceEngine _engine;
    private readonly JsonElement[] _rows;

    public PhantomTests()
    {
        _engine = new InferenceEngine(_model);
        _rows = [.. File.ReadLines(Repository.File("tests", "fixtures", "phantom", "goldens.jsonl")).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    [Fact]
    public async Task Last_prompt_tokens_agree()
    {
        foreach (var row in Rows("prompt"))
        {
            var id = row.GetProperty("id").GetString();
            var result = await _engine.ForwardAsync(new ForwardRequest { Tokens = Ids(row, "ids"), Logits = LogitRows.Last, Capture = new CaptureRequest { Reduction = CaptureReduction.Last } }, TestContext.Current.CancellationToken);
            Compare.Rows(result.Capture!.Values.SelectMany(v => v).ToArray(), _tensors.ReadFloat32($"resid_post/{id}"), _model.Hidden, Tolerances.Residual, $"resid_post/{id}");
            Compare.Rows(result.Logits, _tensors.ReadFloat32($"logits/{id}"), _model.Vocabulary, Tolerances.Logits, $"logits/{id}");
        }
    }

    [Fact]
    public async Task Greedy_replies_and_log_probabilities_agree()
    {
        var prompts = Rows("prompt").ToDictionary(r => r.GetProperty("id").GetString()!);
        var adapters = new Dictionary<string, LoraAdapter?> { ["base"] = null };
        foreach (var name in new[] { "sft", "cp600", "dpo" })
            adapters[name] = _model.LoadAdapter(Repository.File("models", "phantom", "adapters", name));
        var rows = Rows("greedy").ToArray();
        rows.Length.ShouldBe(66);

        // All 66 at once: the replies must not depend on who shares the batch.
        var replies = await Task.WhenAll(rows.Select(row => _engine.GenerateAsync(new GenerationRequest
        {
            Prompt = Ids(prompts[row.GetProperty("id").GetString()!], "ids"),
            Adapter = adapters[row.GetProperty("model").GetString()!],
            Steering = Plan(row),
            MaxTokens = 160,
            StopTokens = [2],
        })));
        foreach (var (row, reply) in rows.Zip(replies))
        {
            var label = $"{row.GetProperty("id")} on {row.GetProperty("model")} with {row.GetProperty("steer")}";
            var expected = Ids(row, "greedy_ids");
            var ties = row.GetProperty("near_ties").EnumerateArray().Select(t => t.GetProperty("step").GetInt32()).ToArray();
            var until = ties.Length > 0 && !reply.Tokens.SequenceEqual(expected) ? ties.Min() : expected.Length;
            reply.Tokens.Take(until).ShouldBe(expected.Take(until), label);
            if (until == expected.Length)
                (reply.Finish == FinishReason.StopToken).ShouldBe(row.GetProperty("ended").GetBoolean(), label);

            var prompt = prompts[row.GetProperty("id").GetString()!];
            int[] tokens = [.. Ids(prompt, "ids"), .. Ids(prompt, "given_ids"), 2];
            var forward = await _engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Adapter = adapters[row.GetProperty("model").GetString()!], Steering = Plan(row), NextLogProbs = true }, TestContext.Current.CancellationToken);
            var given = forward.NextLogProbs.Skip(Ids(prompt, "ids").Length - 1).Sum(x => (double)x);
            given.ShouldBe(row.GetProperty("given_logprob").GetDouble(), Tolerances.ReplyLogProb, label);
        }
    }

    [Fact]
    public async Task Means_over_the_agents_own_tokens_agree()
    {
        var rows = Rows("episode").ToArray();
        rows.Length.ShouldBe(12);
        foreach (var row in rows)
        {
            var ids = Ids(row, "ids");
            var own = Ids(row, "own").ToHashSet();
            var result = await _engine.ForwardAsync(new ForwardRequest { Tokens = ids, Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = [.. ids.Select((_, i) => own.Contains(i))] } }, TestContext.Current.CancellationToken);
            result.Capture!.Tokens.ShouldBe(own.Count);
            var name = $"mean_resid_post/{row.GetProperty("id").GetString()}";
            Compare.Rows(result.Capture.Values.SelectMany(v => v).ToArray(), _tensors.ReadFloat32(name), _model.Hidden, Tolerances.Residual, name);
        }
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
        _tensors.Dispose();
        _vectors.Dispose();
    }

    private IEnumerable<JsonElement> Rows(string what) => _rows.Where(r => r.GetProperty("what").GetString() == what);

    private static int[] Ids(JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(x => x.GetInt32())];

    private SteeringPlan Plan(JsonElement row)
    {
        if (row.GetProperty("steer") is not { ValueKind: JsonValueKind.Object } steer)
            return SteeringPlan.None;
        var layer = steer.GetProperty("layer").GetInt32();
        var all = _vectors.ReadFloat32(steer.GetProperty("vector").GetString()!);
        return SteeringPlan.Add(layer, all.AsSpan(layer * _model.Hidden, _model.Hidden), steer.GetProperty("alpha").GetSingle());
    }
}
