using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Steering.Specification;

namespace Capvec.Steering.Tests.Specification;

public sealed class SteeringSpecTests
{
    private static readonly DirectionSet Demo = new(
        [new Direction(0, [1, 0], 2, 10), new Direction(3, [0, 1], 5, 50), new Direction(11, [0.6f, 0.8f])],
        DirectionProvenance.Unknown);

    [Fact]
    public void A_full_specification_becomes_interventions_in_order()
    {
        var plan = Resolve("""
            {"vectors":[{"source":"demo","scale":4,"layers":[3,0],"apply":{"prompt":"none","generation":"all"}},
                        {"source":"demo","operation":"ablate","layers":[1,2],"direction_layer":11},
                        {"source":"demo","alpha":-1.5,"operation":"add_keep_norm","layers":[11],"site":"mlp_output","apply":{"from":5,"to":9}}]}
            """);
        plan.Interventions.Select(i => (i.Operation, i.Layer, i.Strength, i.Where, i.Site)).ShouldBe(
        [
            (SteeringOperation.Add, 3, 4f, SteeringMask.GeneratedOnly, SteeringSite.BlockOutput),
            (SteeringOperation.Add, 0, 4f, SteeringMask.GeneratedOnly, SteeringSite.BlockOutput),
            (SteeringOperation.Ablate, 1, 0f, SteeringMask.All, SteeringSite.BlockOutput),
            (SteeringOperation.Ablate, 2, 0f, SteeringMask.All, SteeringSite.BlockOutput),
            (SteeringOperation.AddKeepNorm, 11, -1.5f, new SteeringMask(true, true, 5, 9), SteeringSite.MlpOutput),
        ]);
        plan.Interventions[0].Direction.ToArray().ShouldBe([0f, 1]);
        plan.Interventions[2].Direction.ToArray().ShouldBe([0.6f, 0.8f]);
    }

    [Theory]
    [InlineData("residual", 0.5f, 0.5f)]
    [InlineData("residual_norm", 5f, 25f)]
    [InlineData("margin", 1f, 2.5f)]
    public void A_strength_counts_in_its_unit(string unit, float atZero, float atThree) =>
        Resolve($$"""{"vectors":[{"source":"demo","scale":0.5,"unit":"{{unit}}","layers":[0,3]}]}""").Interventions.Select(i => i.Strength).ShouldBe([atZero, atThree]);

    [Fact]
    public void All_layers_are_those_of_the_set_or_of_the_model_when_one_direction_is_used_everywhere()
    {
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":"all"}]}""").Interventions.Select(i => i.Layer).ShouldBe([0, 3, 11]);
        Resolve("""{"vectors":[{"source":"demo","operation":"ablate","layers":"all","direction_layer":3}]}""").Interventions.Select(i => i.Layer).ShouldBe(Enumerable.Range(0, 12));
    }

    [Fact]
    public void A_clamp_has_its_range_in_the_unit_and_affine_its_strength()
    {
        var plan = Resolve("""
            {"vectors":[{"source":"demo","operation":"clamp","low":-1,"high":0.5,"unit":"margin","layers":[0,3]},
                        {"source":"demo","operation":"clamp","high":2,"layers":[3]},
                        {"source":"demo","operation":"affine","scale":0.5,"unit":"residual_norm","layers":[3]}]}
            """);
        plan.Interventions.Select(i => (i.Operation, i.Strength, i.Range)).ShouldBe(
        [
            (SteeringOperation.Clamp, 0f, new SteeringRange(-2, 1)),
            (SteeringOperation.Clamp, 0f, new SteeringRange(-5, 2.5f)),
            (SteeringOperation.Clamp, 0f, new SteeringRange(float.NegativeInfinity, 2)),
            (SteeringOperation.Affine, 25f, SteeringRange.Everything),
        ]);
    }

    [Fact]
    public void A_schedule_stands_under_apply()
    {
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":[0],"apply":{"generation":true,"reply":{"from":2,"to":40,"every":3,"half_life":7.5}}}]}""")
            .Interventions[0].Schedule.ShouldBe(new SteeringSchedule { From = 2, To = 40, Every = 3, HalfLife = 7.5 });
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":[0],"apply":{"reply":null}}]}""").Interventions[0].Schedule.ShouldBe(SteeringSchedule.Always);
    }

    [Theory]
    [InlineData("""{"vectors":[{"source":"demo","operation":"clamp","low":-1,"high":0.5,"unit":"margin","layers":[3]}]}""")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"clamp","low":1,"high":1,"layers":[3]},{"source":"demo","operation":"affine","scale":0,"layers":[3]}]}""")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"apply":{"generation":true,"reply":{"to":9,"half_life":3}}}]}""")]
    public void Ranges_and_schedules_are_echoed(string json)
    {
        var echoed = SteeringSpec.Parse(json).ToJson().ToJsonString();
        Resolve(echoed).Fingerprint.ShouldBe(Resolve(json).Fingerprint);
        SteeringSpec.Parse(echoed).ToJson().ToJsonString().ShouldBe(echoed);
    }

    [Fact]
    public void A_gate_is_resolved_with_its_own_layer_source_and_unit()
    {
        var plan = Resolve("""
            {"vectors":[{"source":"demo","scale":1,"layers":[0,11],"gate":{"layer":3,"above":2,"unit":"margin","over":"mean"}},
                        {"source":"demo","operation":"clamp","low":0,"layers":[0],"gate":{"source":"demo","layer":0,"below":-0.5,"measure":"cosine","over":"max"}},
                        {"source":"demo","scale":1,"layers":[3]}]}
            """);
        SteeringGate first = new(3, [0, 1], GateComparison.Above, 10, GateMeasure.Projection, GateReduction.Mean), second = new(0, [1, 0], GateComparison.Below, -0.5f, GateMeasure.Cosine, GateReduction.Max);
        plan.Interventions.Select(i => i.Gate).ShouldBe([first, first, second, null]);
        plan.Gates.ShouldBe([first, second]);
    }

    [Theory]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"gate":{"layer":3,"above":2}}]}""")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"gate":{"layer":0,"below":0.25,"measure":"cosine","over":"max"}}]}""")]
    public void Gates_are_echoed(string json)
    {
        var echoed = SteeringSpec.Parse(json).ToJson().ToJsonString();
        Resolve(echoed).Fingerprint.ShouldBe(Resolve(json).Fingerprint);
        SteeringSpec.Parse(echoed).ToJson().ToJsonString().ShouldBe(echoed);
    }

    [Fact]
    public void Only_what_apply_names_is_steered()
    {
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":[0],"apply":{"prompt":true}}]}""").Interventions[0].Where.ShouldBe(SteeringMask.PromptOnly);
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":[0],"apply":{"generation":"all"}}]}""").Interventions[0].Where.ShouldBe(SteeringMask.GeneratedOnly);
        Resolve("""{"vectors":[{"source":"demo","scale":1,"layers":[0],"apply":null}]}""").Interventions[0].Where.ShouldBe(SteeringMask.All);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("""{"vectors":[]}""")]
    public void Nothing_stands_for_no_steering(string json) => Resolve(json).ShouldBe(SteeringPlan.None);

    [Fact]
    public void What_is_echoed_reads_as_the_same_specification()
    {
        const string Json = """{"vectors":[{"source":"demo","scale":4,"unit":"margin","layers":[3],"apply":{"generation":true,"from":3}},{"source":"demo","operation":"ablate","layers":"all","direction_layer":3}]}""";
        var echoed = SteeringSpec.Parse(Json).ToJson().ToJsonString();
        Resolve(echoed).Fingerprint.ShouldBe(Resolve(Json).Fingerprint);
        SteeringSpec.Parse(echoed).ToJson().ToJsonString().ShouldBe(echoed);
    }

    [Theory]
    [InlineData("""[]""", "steering: expected an object with vectors")]
    [InlineData("""{"vectors":3}""", "steering.vectors: expected a list")]
    [InlineData("""{"vector":[]}""", "steering.vector: unknown field; known are vectors")]
    [InlineData("""{"vectors":[7]}""", "steering.vectors[0]: expected an object")]
    [InlineData("""{"vectors":[{"source":"demo","sclae":4,"layers":[3]}]}""", "steering.vectors[0].sclae: unknown field")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"scale":4,"layers":[3]}]}""", "steering.vectors[0].scale: occurs twice")]
    [InlineData("""{"vectors":[{"scale":4,"layers":[3]}]}""", "steering.vectors[0].source: missing")]
    [InlineData("""{"vectors":[{"source":7,"scale":4,"layers":[3]}]}""", "steering.vectors[0].source: expected a string, found 7")]
    [InlineData("""{"vectors":[{"source":"nope","scale":4,"layers":[3]}]}""", "steering.vectors[0].source: there is no direction set 'nope'")]
    [InlineData("""{"vectors":[{"source":"demo","layers":[3]}]}""", "steering.vectors[0].scale: missing")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1e300,"layers":[3]}]}""", "steering.vectors[0].scale: expected a finite number")]
    [InlineData("""{"vectors":[{"source":"demo","scale":"4","layers":[3]}]}""", "steering.vectors[0].scale: expected a finite number, found \"4\"")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"alpha":4,"layers":[3]}]}""", "steering.vectors[0].alpha: stands beside scale")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"operation":"ablate","layers":[3]}]}""", "steering.vectors[0].scale: ablation")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4}]}""", "steering.vectors[0].layers: missing")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[]}]}""", "steering.vectors[0].layers: expected a list")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3,-1]}]}""", "steering.vectors[0].layers[1]: expected a whole number from 0")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3,3]}]}""", "steering.vectors[0].layers: expected each layer once")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[4]}]}""", "steering.vectors[0].layers: 'demo' has no direction for layer 4; it has 0, 3, 11")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[12]}]}""", "steering.vectors[0].layers: the model has blocks 0 to 11")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[1],"direction_layer":2}]}""", "steering.vectors[0].direction_layer: 'demo' has no direction for layer 2")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[11],"unit":"margin"}]}""", "steering.vectors[0].unit: 'demo' does not say its margin at layer 11")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"unit":"sigma"}]}""", "steering.vectors[0].unit: expected \"residual\", \"residual_norm\", \"margin\", found \"sigma\"")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"apply":{"prompt":"some"}}]}""", "steering.vectors[0].apply.prompt: expected \"all\", \"none\"")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"apply":{"prompt":1}}]}""", "steering.vectors[0].apply.prompt: expected true or false")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"apply":{"prompt":false}}]}""", "steering.vectors[0].apply: expected to reach")]
    [InlineData("""{"vectors":[{"source":"demo","scale":4,"layers":[3],"apply":{"from":4,"to":4}}]}""", "steering.vectors[0].apply: expected to reach")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"clamp","layers":[3]}]}""", "steering.vectors[0].low: missing")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"clamp","low":2,"high":1,"layers":[3]}]}""", "steering.vectors[0].high: 1 is below low, 2")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"clamp","low":2,"alpha":1,"layers":[3]}]}""", "steering.vectors[0].alpha: a clamp takes no strength")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"high":1,"layers":[3]}]}""", "steering.vectors[0].high: only a clamp has a range")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"affine","layers":[3]}]}""", "steering.vectors[0].scale: missing")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"apply":{"reply":{"form":1}}}]}""", "steering.vectors[0].apply.reply.form: unknown field")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"apply":{"reply":{"from":2,"to":2}}}]}""", "steering.vectors[0].apply.reply: expected to reach")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"apply":{"reply":{"every":0}}}]}""", "steering.vectors[0].apply.reply.every: expected at least 1")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"apply":{"reply":{"half_life":0}}}]}""", "steering.vectors[0].apply.reply.half_life: expected a number")]
    [InlineData("""{"vectors":[{"source":"demo","operation":"ablate","layers":[3],"apply":{"reply":{"half_life":2}}}]}""", "steering.vectors[0].apply.reply.half_life: fades a strength, and ablate has none")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":3}]}""", "steering.vectors[0].gate: expected an object")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"above":1}}]}""", "steering.vectors[0].gate.layer: missing")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3}}]}""", "steering.vectors[0].gate.above: missing; give above or below")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3,"above":1,"below":2}}]}""", "steering.vectors[0].gate.below: stands beside above")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3,"above":1.5,"measure":"cosine"}}]}""", "steering.vectors[0].gate.above: expected a cosine from -1 to 1, found 1.5")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3,"above":0.5,"measure":"cosine","unit":"margin"}}]}""", "steering.vectors[0].gate.unit: a cosine has no unit")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":4,"above":1}}]}""", "steering.vectors[0].gate.layer: 'demo' has no direction for layer 4")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":40,"above":1}}]}""", "steering.vectors[0].gate.layer: the model has blocks 0 to 11, 40 is beyond")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3,"above":1,"source":"nope"}}]}""", "steering.vectors[0].gate.source: there is no direction set 'nope'")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":11,"above":1,"unit":"margin"}}]}""", "steering.vectors[0].gate.unit: 'demo' does not say its margin at layer 11")]
    [InlineData("""{"vectors":[{"source":"demo","scale":1,"layers":[3],"gate":{"layer":3,"above":1,"over":"first"}}]}""", "steering.vectors[0].gate.over: expected \"last\", \"mean\", \"max\", found \"first\"")]
    [InlineData("""{"vectors":[""", "steering: not valid JSON (line 1")]
    public void Every_error_names_its_field(string json, string expected)
    {
        var error = Should.Throw<CapvecException>(() => Resolve(json));
        error.Message.ShouldContain(expected);
        error.ExitCode.ShouldBe(CapvecException.WrongUsage);
    }

    [Fact]
    public void A_set_of_another_model_is_refused() =>
        Should.Throw<CapvecException>(() => SteeringSpec.Parse("""{"vectors":[{"source":"demo","scale":4,"layers":[3]}]}""").Resolve(_ => Demo, 12, 256))
            .Message.ShouldContain("'demo' has hidden size 2, the model has 256");

    private static SteeringPlan Resolve(string json) => SteeringSpec.Parse(json).Resolve(id => id == "demo" ? Demo : null, 12, 2);
}
