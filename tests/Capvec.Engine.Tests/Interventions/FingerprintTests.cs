using System.Reflection;
using Capvec.Engine.Interventions;

namespace Capvec.Engine.Tests.Interventions;

/// <summary>The fingerprint covers everything that steering is made of: a property that were added and forgotten fails here.</summary>
public sealed class FingerprintTests
{
    private static readonly float[] V = [1, 2, 3];
    private static readonly SteeringGate Gate = new(2, V, GateComparison.Above, 1);

    /// <summary>For each property of each part, plans that differ from the usual one in it alone.</summary>
    private static readonly Dictionary<Type, Dictionary<string, SteeringPlan>> Changed = new()
    {
        [typeof(Intervention)] = new()
        {
            ["Operation"] = Plan(operation: SteeringOperation.Affine),
            ["Layer"] = Plan(layer: 4),
            ["Direction"] = Plan(direction: [1, 2, 4]),
            ["Strength"] = Plan(strength: 2),
            ["Where"] = Plan(where: new(From: 5)),
            ["Site"] = Plan(site: SteeringSite.MlpOutput),
            ["Range"] = new([new(SteeringOperation.Clamp, 3, V) { Range = new(0, 1) }]),
            ["Schedule"] = Plan(schedule: new() { From = 1 }),
            ["Gate"] = Plan(gate: null),
        },
        [typeof(SteeringMask)] = new()
        {
            ["Prompt"] = Plan(where: new(Prompt: false)),
            ["Generated"] = Plan(where: new(Generated: false)),
            ["From"] = Plan(where: new(From: 1)),
            ["To"] = Plan(where: new(To: 9)),
        },
        [typeof(SteeringSchedule)] = new()
        {
            ["From"] = Plan(schedule: new() { From = 2 }),
            ["To"] = Plan(schedule: new() { To = 2 }),
            ["Every"] = Plan(schedule: new() { Every = 2 }),
            ["HalfLife"] = Plan(schedule: new() { HalfLife = 2 }),
        },
        [typeof(SteeringRange)] = new()
        {
            ["Low"] = new([new(SteeringOperation.Clamp, 3, V) { Range = new(0, 2) }]),
            ["High"] = new([new(SteeringOperation.Clamp, 3, V) { Range = new(-1, 1) }]),
        },
        [typeof(SteeringGate)] = new()
        {
            ["Layer"] = Plan(gate: new(3, V, GateComparison.Above, 1)),
            ["Direction"] = Plan(gate: new(2, [1, 2, 4], GateComparison.Above, 1)),
            ["Comparison"] = Plan(gate: new(2, V, GateComparison.Below, 1)),
            ["Threshold"] = Plan(gate: new(2, V, GateComparison.Above, 1.5f)),
            ["Measure"] = Plan(gate: new(2, V, GateComparison.Above, 1, GateMeasure.Cosine)),
            ["Over"] = Plan(gate: new(2, V, GateComparison.Above, 1, GateMeasure.Projection, GateReduction.Max)),
        },
    };

    [Fact]
    public void Any_change_of_any_field_changes_it()
    {
        var plans = Changed.Values.SelectMany(c => c.Values).Append(Plan()).Append(SteeringPlan.None).Append(new SteeringPlan([.. Plan().Interventions, .. Plan().Interventions])).ToList();
        plans.Select(p => p.Fingerprint).Distinct().Count().ShouldBe(plans.Count);
        Plan().Fingerprint.ShouldBe(Plan().Fingerprint);
    }

    [Fact]
    public void Every_field_is_among_the_changes()
    {
        // Derived properties say nothing of their own.
        string[] derived = ["Decays"];
        foreach (var (type, changes) in Changed)
        {
            type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => p.Name).Except(derived).Order(StringComparer.Ordinal)
                .ShouldBe(changes.Keys.Order(StringComparer.Ordinal), type.Name);
        }
    }

    [Fact]
    public void The_order_of_interventions_is_part_of_it()
    {
        Intervention a = Plan().Interventions[0], b = Plan(layer: 4).Interventions[0];
        new SteeringPlan([a, b]).Fingerprint.ShouldNotBe(new SteeringPlan([b, a]).Fingerprint);
    }

    [Fact]
    public void Plans_without_gates_have_the_fingerprints_of_older_records()
    {
        SteeringPlan.Add(3, V, 1).Fingerprint.ShouldBe("b65f21603af244b7");
        SteeringPlan.None.Fingerprint.ShouldBe("none");
    }

    private static SteeringPlan Plan(
        SteeringOperation operation = SteeringOperation.Add, int layer = 3, float[]? direction = null, float strength = 1, SteeringMask? where = null, SteeringSite site = SteeringSite.BlockOutput, SteeringSchedule? schedule = null) =>
        Plan(Gate, operation, layer, direction, strength, where, site, schedule);

    private static SteeringPlan Plan(
        SteeringGate? gate, SteeringOperation operation = SteeringOperation.Add, int layer = 3, float[]? direction = null, float strength = 1, SteeringMask? where = null, SteeringSite site = SteeringSite.BlockOutput, SteeringSchedule? schedule = null) =>
        new([new Intervention(operation, layer, direction ?? V, strength, where, site) { Schedule = schedule ?? SteeringSchedule.Always, Gate = gate }]);
}
