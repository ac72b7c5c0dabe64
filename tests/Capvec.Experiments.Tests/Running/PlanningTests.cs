using Capvec.Agents.Tasks;
using Capvec.Engine.Loading;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Running;

public class PlanningTests
{
    private static readonly DirectionSet Set = new(
        Enumerable.Range(0, 4).Select(l => new Direction(l, [3, 0, 4], margin: 10 + l, residualNorm: 100 + l)), DirectionProvenance.Unknown);

    private static readonly LayerRank[] Ranking =
    [
        new(0, .9, 10, 5, 5, .8, .1, 50, false),
        new(1, .9, 20, 5, 5, .9, .1, 50, false),
        new(2, .9, 30, 5, 5, .7, .1, 50, false),
        new(3, .9, 15, 5, 5, .95, .1, 50, false),
    ];

    private static StudyDefinition Study(string sweep, string more = "") => StudyReader.Parse(
        $$"""
        name: plan
        question: Which arms?
        model: ../models/phantom/checkpoint
        tasks: {folder: ../tasks/full}
        seed: 9
        collect: {arms: [base], attempts: 1}
        direction: {positives: [{arm: base, outcome: solved}], negatives: [{arm: base, outcome: failed}]}
        sweep: {{{sweep}}}
        {{more}}
        """, Repository.File("studies", "plan.yaml"));

    [Theory]
    [InlineData(StrengthScale.Residual, 2)]
    [InlineData(StrengthScale.Difference, 24)]
    [InlineData(StrengthScale.Norm, 204)]
    public void A_strength_is_counted_in_the_studys_unit(StrengthScale unit, double alpha)
    {
        var directions = new LayerDirections(Set, unit, 9);
        var steered = directions.Steered(2, 2);
        steered.Alpha!.Value.ShouldBe(alpha, 1e-4);
        var random = directions.Random(2, 2);
        (random.Alpha, directions.Negative(2, 2).Alpha, directions.AlphaZero(2).Alpha).ShouldBe((steered.Alpha, -steered.Alpha, 0));
        // What reaches the residual stream is as long for the random direction as for the true one.
        Length(random).ShouldBe(Length(steered), 1e-3);
        random.Steering.Fingerprint.ShouldBe(new LayerDirections(Set, unit, 9).Random(2, 2).Steering.Fingerprint);
        random.Steering.Fingerprint.ShouldNotBe(new LayerDirections(Set, unit, 10).Random(2, 2).Steering.Fingerprint);
    }

    [Fact]
    public void A_unit_that_a_direction_does_not_know_is_an_error()
    {
        var bare = new DirectionSet([new Direction(0, [1, 0])], DirectionProvenance.Unknown);
        new LayerDirections(bare, StrengthScale.Residual, 1).Steered(0, 3).Alpha.ShouldBe(3);
        Should.Throw<CapvecException>(() => new LayerDirections(bare, StrengthScale.Difference, 1).Steered(0, 3)).Message.ShouldContain("set strength_unit: residual");
    }

    [Fact]
    public void Every_steered_point_has_its_controls_beside_it()
    {
        var arms = new ArmPlanner(Study("attempts: 1, layers: [1, 3], strengths: [2, -2, 0.5], multi_layer: [{layers: [0, 1, 3], strength: 1}]"), new Dictionary<string, LoraAdapter>())
            .Test(null, new LayerDirections(Set, StrengthScale.Residual, 9), [0, 1, 2, 3]);
        arms.Select(a => a.Name).ShouldBe(
        [
            "base", "base again", "L1 x0", "L1 x2", "L1 x-2", "L1 x0.5", "L3 x2", "L3 x-2", "L3 x0.5", "L0-1+3 x1",
            "L1 random x2", "L1 random x-2", "L1 random x0.5", "L3 random x2", "L3 random x-2", "L3 random x0.5", "L1 x-0.5", "L3 x-0.5",
        ]);
        arms.Single(a => a.Name == "L0-1+3 x1").Steering.Interventions.Select(i => i.Layer).ShouldBe([0, 1, 3]);
        Should.Throw<CapvecException>(() => new ArmPlanner(Study("attempts: 1, layers: [7], strengths: [2]"), new Dictionary<string, LoraAdapter>())
            .Test(null, new LayerDirections(Set, StrengthScale.Residual, 9), [0, 1, 2, 3])).Message.ShouldContain("steers layer 7");
    }

    [Fact]
    public void The_ranking_chooses_by_held_out_AUC_times_margin()
    {
        var plan = new SelectionPlan(SelectionRule.HeldOutAuc, null, [], 0, null);
        SelectionRules.Candidates(plan, Ranking).ShouldBe([2, 1, 3, 0]);
        SelectionRules.ByRanking(plan, Ranking).ShouldBe(new Candidate(2, null, "layer 2 has the largest held-out AUC x margin (0.700 x 30.00 = 21.00) of 4 layers"));
        SelectionRules.ByRanking(plan with { Layers = [0, 3] }, Ranking).Layer.ShouldBe(3);
        Should.Throw<CapvecException>(() => SelectionRules.ByRanking(plan with { Layers = [9] }, Ranking)).Message.ShouldContain("mend select.layers");
    }

    [Fact]
    public void A_sweep_chooses_the_highest_rate_then_the_smaller_strength_then_the_better_layer()
    {
        ArmRow Arm(int layer, double strength) => new("selection", 0, $"L{layer} x{strength}", ArmKind.Steered, [layer], strength, null, null, 4);
        IEnumerable<TrialRow> Trials(ArmRow arm, int passed, int failed, int nulls = 0) => Enumerable.Range(0, passed + failed + nulls).Select(i => new TrialRow(
            "selection", arm.Name, "t", i, 0, i < passed ? 1 : i < passed + failed ? 0 : null, null, 1, 1, new(), "", DateTimeOffset.UnixEpoch, 1));
        ArmRow a = Arm(0, 4), b = Arm(1, 2), c = Arm(2, -2), d = Arm(3, 4), other = new("selection", 0, "base", ArmKind.Base, [], null, null, null, 4);

        // b and c tie at 3/4 with the same strength; c's layer has the larger AUC x margin. d's two passes are of two that count.
        Candidate Best(params (ArmRow Arm, int Passed, int Failed, int Nulls)[] tried) =>
            SelectionRules.BySweep([other, .. tried.Select(t => t.Arm)], [.. Trials(other, 4, 0), .. tried.SelectMany(t => Trials(t.Arm, t.Passed, t.Failed, t.Nulls))], Ranking);
        Best((a, 3, 1, 0), (b, 3, 1, 0), (c, 3, 1, 0)).ShouldBe(new Candidate(2, -2, "layer 2 at strength -2 passed most often (3 of 4) of 3 tried on the selection tasks"));
        Best((a, 3, 1, 0), (d, 3, 1, 0)).Layer.ShouldBe(3);
        Best((a, 3, 1, 0), (d, 2, 0, 2)).Layer.ShouldBe(3);
        Should.Throw<CapvecException>(() => Best((a, 0, 0, 4))).Message.ShouldContain("nothing can be chosen");
    }

    [Fact]
    public void Arms_are_interleaved_and_share_tasks_attempts_and_seeds()
    {
        var study = Study("attempts: 3, layers: [1], strengths: [2]");
        var arms = new ArmPlanner(study, new Dictionary<string, LoraAdapter>()).Test(null, new LayerDirections(Set, StrengthScale.Residual, 9), [0, 1, 2, 3]);
        IReadOnlyList<HarborTask> tasks = [.. TaskReader.LoadAll(Repository.File("tasks", "sprint"))];
        var plan = new TrialPlanner(study, "model", "protocol", "sandbox").Plan(Stages.Test, arms, tasks, 3);
        plan.Count.ShouldBe(arms.Count * tasks.Count * 3);
        plan.Select(t => t.Key).Distinct().Count().ShouldBe(plan.Count);
        var cells = plan.Chunk(arms.Count).ToList();
        foreach (var cell in cells)
        {
            cell.Select(t => (t.Key.Task, t.Key.Attempt)).Distinct().Count().ShouldBe(1);
            cell.Select(t => t.Arm.Name).Order(StringComparer.Ordinal).ShouldBe(arms.Select(a => a.Name).Order(StringComparer.Ordinal));
            cell.Where(t => t.Arm.Kind != ArmKind.AgainstItself).Select(t => t.Seed).Distinct().Count().ShouldBe(1);
            cell.Select(t => t.Seed).Distinct().Count().ShouldBe(2);
            cell.Select(t => t.Inputs).Distinct().Count().ShouldBe(arms.Count);
        }

        cells.Select(c => c[0].Arm.Name).Distinct().Count().ShouldBeGreaterThan(3);
        cells.Select(c => (c[0].Key.Task, c[0].Key.Attempt)).ShouldNotBe(cells.Select(c => (c[0].Key.Task, c[0].Key.Attempt)).Order());
        new TrialPlanner(study, "model", "protocol", "sandbox").Plan(Stages.Test, arms, tasks, 3).Select(t => t.Key).ShouldBe(plan.Select(t => t.Key));

        // More attempts add trials and change none.
        var more = new TrialPlanner(study, "model", "protocol", "sandbox").Plan(Stages.Test, arms, tasks, 5).ToDictionary(t => t.Key, t => t.Inputs);
        plan.ShouldAllBe(t => more[t.Key] == t.Inputs);

        // Other rounding is another course.
        var rounded = new TrialPlanner(study with { Activations = Activations.Int8 }, "model", "protocol", "sandbox").Plan(Stages.Test, arms, tasks, 3).ToDictionary(t => t.Key, t => t.Inputs);
        plan.ShouldAllBe(t => rounded[t.Key] != t.Inputs);
    }

    private static double Length(TrialArm arm)
    {
        var intervention = arm.Steering.Interventions.Single();
        return Math.Abs(intervention.Strength) * Direction.Length(intervention.Direction);
    }
}
