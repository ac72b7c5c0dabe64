using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Engine.Tests.Scheduling;

/// <summary>What a gate measures, and that a gated request has the bits of the request that its decision stands for.</summary>
public sealed class GateTests : IDisposable
{
    private readonly LanguageModel _model = LanguageModel.Load(Repository.File("tests", "fixtures", "models", "qwen35-tiny"));
    private readonly InferenceEngine _engine;

    public GateTests() => _engine = new InferenceEngine(_model);

    public static TheoryData<KernelPath> Paths() => [.. KernelPaths.Supported];

    [Fact]
    public async Task A_gate_measures_the_rows_that_the_plain_model_makes_of_the_prompt()
    {
        var prompt = Tokens(1, 37);
        var rows = (await _engine.ForwardAsync(new ForwardRequest { Tokens = prompt, Capture = new CaptureRequest { Layers = [2], Reduction = CaptureReduction.All } }, Cancel)).Capture!.Values[0].Chunk(_model.Hidden).ToList();
        var direction = Direction(1);
        var length = Math.Sqrt(direction.Sum(x => (double)x * x));
        var projections = rows.Select(row => row.Zip(direction).Sum(p => (double)p.First * p.Second) / length).ToList();
        var cosines = rows.Select((row, i) => projections[i] / Math.Sqrt(row.Sum(x => (double)x * x))).ToList();
        foreach (var (measure, values) in new[] { (GateMeasure.Projection, projections), (GateMeasure.Cosine, cosines) })
        {
            foreach (var (over, expected) in new[] { (GateReduction.Last, values[^1]), (GateReduction.Mean, values.Average()), (GateReduction.Max, values.Max()) })
            {
                // The plan steers below the gate, on the prompt: what the gate reads is the model without it.
                var gate = new SteeringGate(2, direction, GateComparison.Above, 1e6f, measure, over);
                var result = await _engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Steering = Gated(gate, 0, 9), MaxTokens = 1 }, Cancel);
                var decision = result.Gates.ShouldHaveSingleItem();
                decision.Gate.ShouldBe(gate);
                decision.Value.ShouldBe(expected, 1e-9);
                decision.IsOpen.ShouldBeFalse();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Whatever_the_gates_decide_the_request_has_the_bits_of_the_plan_that_is_left(KernelPath path)
    {
        using var sharing = new InferenceEngine(_model, new EngineOptions { Kernels = path, SnapshotEvery = 16 });
        using var alone = new InferenceEngine(_model, new EngineOptions { Kernels = path, CacheBytes = 0, RowsPerStep = 7, MaxSequences = 7 });
        var (open, shut) = (0, 0);
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(30),
            Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
            {
                var random = new Random(seed);
                var prompt = Tokens(random.Next(3), random.Next(1, 60));
                Intervention[] interventions = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Gated(RandomGate(random), random.Next(_model.Layers), 4).Interventions[0]), SteeringPlan.Add(3, Direction(40), 2).Interventions[0]];
                var request = new GenerationRequest { Prompt = prompt, Steering = new SteeringPlan([.. interventions]), MaxTokens = 5 };
                var gated = sharing.GenerateAsync(request, Cancel).GetAwaiter().GetResult();
                var left = interventions.Where(i => i.Gate is null || gated.Gates.Single(d => d.Gate.Equals(i.Gate)).IsOpen)
                    .Select(i => new Intervention(i.Operation, i.Layer, i.Direction, i.Strength, i.Where, i.Site)).ToList();
                (open, shut) = (open + left.Count - 1, shut + interventions.Length - left.Count);
                var plain = alone.GenerateAsync(request with { Steering = new SteeringPlan([.. left]) }, Cancel).GetAwaiter().GetResult();
                gated.Tokens.ShouldBe(plain.Tokens);
                gated.LogProbs.ShouldBe(plain.LogProbs);
                plain.Gates.ShouldBeEmpty();
            }));
        new[] { open, shut }.ShouldAllBe(n => n > 5);
    }

    [Fact]
    public async Task A_forward_pass_is_gated_as_its_last_reply_was()
    {
        var tokens = Tokens(1, 50);
        bool[] own = [.. Enumerable.Range(0, 50).Select(i => i is (>= 10 and < 15) or >= 41)];
        var gate = new SteeringGate(1, Direction(1), GateComparison.Below, 1e6f);
        var turn = await _engine.GenerateAsync(new GenerationRequest { Prompt = tokens[..41], Own = own[..41], Steering = Gated(gate, 2, 5), MaxTokens = 1 }, Cancel);
        var replay = await _engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Own = own, Steering = Gated(gate, 2, 5), Logits = LogitRows.Last }, Cancel);
        replay.Gates.ShouldHaveSingleItem().Value.ShouldBe(turn.Gates[0].Value);
        var plain = await _engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Own = own, Steering = SteeringPlan.Add(2, Direction(5), 3), Logits = LogitRows.Last }, Cancel);
        replay.Logits.ShouldBe(plain.Logits);

        // Without a reply at the end, all tokens are the prompt.
        var whole = await _engine.ForwardAsync(new ForwardRequest { Tokens = tokens[..41], Steering = Gated(gate, 2, 5) }, Cancel);
        whole.Gates[0].Value.ShouldBe(turn.Gates[0].Value);
        (await Should.ThrowAsync<CapvecException>(() => _engine.ForwardAsync(new ForwardRequest { Tokens = tokens, Own = [.. tokens.Select(_ => true)], Steering = Gated(gate, 2, 5) }, Cancel))).Message.ShouldContain("decided on the prompt");
    }

    [Fact]
    public async Task The_gates_pass_is_what_the_request_starts_from()
    {
        using var engine = new InferenceEngine(_model);
        var prompt = Tokens(1, 80);
        var gate = new SteeringGate(4, Direction(1), GateComparison.Above, 1e6f);
        var shut = await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Steering = Gated(gate, 1, 5), MaxTokens = 1 }, Cancel);
        shut.CachedTokens.ShouldBe(79);
        engine.RowsComputed.ShouldBe(80 + 1);

        // The same prompt again: one row for the gate, one for the reply.
        await engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Steering = Gated(gate, 1, 5), MaxTokens = 1 }, Cancel);
        engine.RowsComputed.ShouldBe(80 + 1 + 2);
    }

    [Fact]
    public async Task A_gate_that_does_not_fit_is_refused()
    {
        Should.Throw<CapvecException>(() => new SteeringGate(1, new float[8], GateComparison.Above, 1)).Message.ShouldContain("length 0");
        Should.Throw<CapvecException>(() => new SteeringGate(1, Direction(1), GateComparison.Above, float.NaN)).Message.ShouldContain("threshold");
        Should.Throw<CapvecException>(() => new SteeringGate(-1, Direction(1), GateComparison.Above, 1)).Message.ShouldContain("layer -1");
        async Task<string> Message(SteeringGate gate) => (await Should.ThrowAsync<CapvecException>(() => _engine.GenerateAsync(new GenerationRequest { Prompt = [5, 6], Steering = Gated(gate, 1, 1), MaxTokens = 1 }, Cancel))).Message;
        (await Message(new SteeringGate(99, Direction(1), GateComparison.Above, 1))).ShouldContain("gate's layer 99 does not exist");
        (await Message(new SteeringGate(1, [1, 2], GateComparison.Above, 1))).ShouldContain("2 numbers");
        Should.Throw<CapvecException>(() => Gated(new SteeringGate(1, Direction(1), GateComparison.Above, 1), 1, 1).After([])).Message.ShouldContain("is not decided");
    }

    public void Dispose()
    {
        _engine.Dispose();
        _model.Dispose();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SteeringPlan Gated(SteeringGate gate, int layer, int seed) => new([new Intervention(SteeringOperation.Add, layer, Direction(seed), 3) { Gate = gate }]);

    private SteeringGate RandomGate(Random random) => new(
        random.Next(_model.Layers), Direction(random.Next(5)), (GateComparison)random.Next(2), 0, (GateMeasure)random.Next(2), (GateReduction)random.Next(3));

    private int[] Tokens(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(4, _model.Vocabulary))];
    }

    private float[] Direction(int seed)
    {
        var random = new Random(100 + seed);
        return [.. Enumerable.Range(0, _model.Hidden).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}
