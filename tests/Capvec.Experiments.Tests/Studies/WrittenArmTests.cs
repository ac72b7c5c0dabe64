using Capvec.Agents.Traces;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Tests;

namespace Capvec.Experiments.Tests.Studies;

/// <summary>Studies over several folders of tasks, with arms whose steering is written out.</summary>
public class WrittenArmTests
{
    private const string Yaml = """
        name: written
        question: Which arms?
        model: ../models/phantom/checkpoint
        tasks:
          folders: {guarded: ../tasks/guarded, neutral: ../tasks/neutral}
          split: half
        seed: 9
        collect: {arms: [base], attempts: 1}
        direction:
          positives: [{arm: base, outcome: any, tasks: guarded/*}]
          negatives: [{arm: base, outcome: any, tasks: neutral/*}]
          positions: last-prompt
          mixed_tasks_only: true
        sweep:
          attempts: 1
          steering:
            - {name: L1 everywhere, vectors: [{source: direction, operation: ablate, layers: all, direction_layer: 1}]}
            - {name: gated, vectors: [{source: direction, scale: -0.5, unit: margin, layers: [3], gate: {layer: 2, above: 1.5}}]}
        verdict: {outcome: refusal, tasks: guarded/*}
        """;

    private static readonly string Place = Repository.File("studies", "written.yaml");

    private static readonly DirectionSet Set = new(
        Enumerable.Range(0, 4).Select(l => new Direction(l, [3, l, 4], margin: 10 + l, residualNorm: 100 + l)), DirectionProvenance.Unknown);

    [Fact]
    public void Arms_are_what_the_file_writes_and_each_has_its_random_twin()
    {
        var study = StudyReader.Parse(Yaml, Place);
        (study.Verdict.Outcome, study.Verdict.Tasks).ShouldBe((TrialOutcome.Refusal, "guarded/*"));
        study.Direction.ToString().ShouldBe("base on guarded/* minus base on neutral/*, of tasks with traces on both sides");
        var arms = new ArmPlanner(study, new Dictionary<string, LoraAdapter>()).Test(null, new LayerDirections(Set, StrengthScale.Residual, 9), [0, 1, 2, 3]);
        arms.Select(a => (a.Name, a.Kind)).ShouldBe(
        [
            ("base", ArmKind.Base), ("base again", ArmKind.AgainstItself), ("L0 x0", ArmKind.AlphaZero), ("L1 everywhere", ArmKind.Steered), ("gated", ArmKind.Steered),
            ("L1 everywhere, random", ArmKind.Random), ("gated, random", ArmKind.Random),
        ]);
        var (everywhere, gated, random) = (arms[3].Steering.Interventions, arms[4].Steering.Interventions.Single(), arms[5].Steering.Interventions);
        everywhere.Select(i => (i.Operation, i.Layer)).ShouldBe([(SteeringOperation.Ablate, 0), (SteeringOperation.Ablate, 1), (SteeringOperation.Ablate, 2), (SteeringOperation.Ablate, 3)]);
        everywhere.Select(i => i.Direction.SequenceEqual(Set.At(1).Unit)).ShouldAllBe(same => same);
        (gated.Strength, gated.Gate).ShouldBe((-6.5f, new SteeringGate(2, Set.At(2).Unit, GateComparison.Above, 1.5f)));

        // The twin has one random direction wherever the arm has one direction, of length 1, and the gate's own.
        random.Select(i => i.Direction.SequenceEqual(random[0].Direction) && Math.Abs(Direction.Length(i.Direction) - 1) < 1e-6).ShouldAllBe(same => same);
        random.Select(i => (i.Operation, i.Layer)).ShouldBe(everywhere.Select(i => (i.Operation, i.Layer)));
        random[0].Direction.SequenceEqual(everywhere[0].Direction).ShouldBeFalse();
        var twin = arms[6].Steering.Interventions.Single();
        (twin.Strength, twin.Gate).ShouldBe((gated.Strength, gated.Gate));
    }

    [Theory]
    [InlineData("scale: -0.5", "scael: -0.5", ":18:30: sweep.steering[1].vectors[0].scael: unknown field")]
    [InlineData("name: gated", "name: L1 everywhere", "sweep.steering is called 'L1 everywhere'")]
    [InlineData("name: gated", "name: base", "is called 'base'")]
    [InlineData("layer: 2, above", "layer: 2, abve", "sweep.steering[1].vectors[0].gate.abve: unknown field")]
    [InlineData("outcome: refusal", "outcome: refused", "verdict.outcome is 'refused' (did you mean 'refusal'?); expected passed or refusal")]
    [InlineData("folders: {", "folder: ../tasks/full\n  folders: {", "tasks.folders stands beside tasks.folder")]
    [InlineData("guarded: ../tasks/guarded", "guarded: ../tasks/gone", "there is no folder")]
    [InlineData("{guarded: ../tasks/guarded, neutral", "{a/b: ../tasks/guarded, neutral", "a group of tasks is called 'a/b'")]
    public void What_cannot_be_meant_is_refused(string from, string to, string expected)
    {
        Yaml.ShouldContain(from);
        var error = Should.Throw<CapvecException>(() => StudyReader.Parse(Yaml.Replace(from, to, StringComparison.Ordinal), Place));
        error.Message.ShouldStartWith(Place + ":");
        error.Message.ShouldContain(expected);
    }

    [Fact]
    public void Steering_that_does_not_fit_the_model_names_the_arm()
    {
        var study = StudyReader.Parse(Yaml.Replace("layers: [3]", "layers: [4]", StringComparison.Ordinal), Place);
        Should.Throw<CapvecException>(() => new ArmPlanner(study, new Dictionary<string, LoraAdapter>()).Test(null, new LayerDirections(Set, StrengthScale.Residual, 9), [0, 1, 2, 3]))
            .Message.ShouldContain("sweep.steering 'gated'.vectors[0].layers: the model has blocks 0 to 3");
    }

    [Fact]
    public void Tasks_of_one_name_stay_in_one_half()
    {
        var study = StudyReader.Parse(Yaml, Place);
        var division = TaskDivision.Of(study.Tasks, TaskGroups.Load(study.Tasks), study.Seed);
        foreach (var half in new[] { division.Selection, division.Test })
        {
            half.Count.ShouldBe(12);
            half.GroupBy(t => TaskGroups.ShortName(t.Name)).ShouldAllBe(g => g.Count() == 2);
            half.Count(t => TaskGroups.Of(t.Name) == "guarded").ShouldBe(6);
        }
    }

    [Fact]
    public void Sides_of_a_contrast_are_found_by_outcome_and_tasks()
    {
        TrialRow Trial(string task, double? reward) => new("collect", "base", task, 0, 1, reward, reward is null ? "x" : null, 6, 10, new TrialMarks(), $"{task}.json", default, 1);
        TrialRow[] trials = [Trial("guarded/a", 0), Trial("guarded/b", 1), Trial("guarded/c", null), Trial("guarded/d", 0), Trial("neutral/a", 1), Trial("neutral/b", 0), Trial("neutral/e", 1)];
        var plan = StudyReader.Parse(Yaml, Place).Direction;
        ContrastTraces.Find(plan, trials).Select(t => (t.Trial.Task, t.IsPositive)).ShouldBe([("guarded/a", true), ("guarded/b", true), ("neutral/a", false), ("neutral/b", false)]);
        ContrastTraces.Find(plan with { MixedTasksOnly = false }, trials).Count.ShouldBe(6);
        Should.Throw<CapvecException>(() => ContrastTraces.Find(plan with { Negatives = [new("base", false)] }, trials)).Message.ShouldContain("on both sides");
    }
}
