using Capvec.Experiments.Analysis;
using Capvec.Experiments.Results;
using Capvec.Experiments.Running;
using Capvec.Experiments.Screening;
using Capvec.Experiments.Storage;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Tests.Screening;

public class ScreenResultTests
{
    private static readonly ScreenResult Screen = Screens.Of(
        Screens.Point(3, 4, 0.3, inWindow: true), Screens.Point(3, 2, 0.2, inWindow: true), Screens.Point(11, 4, 0.15, inWindow: true), Screens.Point(1, 2, 0.01, 0.05), Screens.Point(7, 4, -0.4, 0.9));

    [Fact]
    public void It_proposes_the_best_point_of_each_layer_in_the_window()
    {
        Screen.Proposals().Select(p => (p.Layer, p.Strength)).ShouldBe([(3, 4), (11, 4)]);
        Screen.Windows().ShouldBe([new ScreenWindow(3, 2, 4), new ScreenWindow(11, 4, 4)]);
        var candidate = SelectionRules.ByScreen(Screen);
        (candidate.Layer, candidate.Strength).ShouldBe((3, 4));
        candidate.Reason.ShouldContain("among 5 points screened on 5 solved and 4 failed traces");
        Should.Throw<CapvecException>(() => SelectionRules.ByScreen(Screens.Of(Screens.Point(1, 2)))).Message.ShouldContain("proposes nothing");
    }

    [Fact]
    public void What_is_written_is_read_back()
    {
        using var scratch = new Scratch();
        var path = scratch["screen.json"];
        (Screen with { TargetKl = 0.1, IsoKl = [Screens.Point(3, 1.7)] }).Save(path);
        var read = ScreenResult.Load(path);
        read.Points.Select(p => (p.Layer, p.Strength, p.Effect, p.EffectInterval, p.Kl, p.InWindow)).ShouldBe(Screen.Points.Select(p => (p.Layer, p.Strength, p.Effect, p.EffectInterval, p.Kl, p.InWindow)));
        read.Points[0].Openings["refusal"].ShouldBe(new OpeningChange(-1.5, 3));
        read.IsoKl.Single().Strength.ShouldBe(1.7);

        File.WriteAllText(path, """{"format": "other"}""");
        Should.Throw<CapvecException>(() => ScreenResult.Load(path)).Message.ShouldContain("cannot be read as a screen");
        Should.Throw<CapvecException>(() => ScreenResult.Load(scratch["none.json"])).Message.ShouldContain("cannot be read as a screen");
    }

    [Fact]
    public void Its_order_is_compared_with_the_stage_that_tried_most_of_its_points()
    {
        // Pass rates in the screen's own order: 4, 3, 2, 1, 0 of 4 at every task.
        (int Layer, double Strength)[] tried = [(3, 4), (3, 2), (11, 4), (1, 2), (7, 4)];
        var arms = tried.Select((t, i) => new ArmRow(Stages.Selection, i, $"L{t.Layer} x{t.Strength}", ArmKind.Steered, [t.Layer], t.Strength, null, null, 16)).ToList();
        arms.Add(new ArmRow(Stages.Test, 0, "L3 x4", ArmKind.Steered, [3], 4, null, null, 4));
        arms.Add(new ArmRow(Stages.Selection, 9, "L4-5 x4", ArmKind.Steered, [4, 5], 4, null, null, 4));
        var trials = (from arm in arms.Take(5).Index()
                      from task in Enumerable.Range(0, 4)
                      from attempt in Enumerable.Range(0, 4)
                      select Trial(Stages.Selection, arm.Item.Name, $"t{task}", attempt, attempt < 4 - arm.Index)).ToList();
        trials.Add(Trial(Stages.Test, "L3 x4", "t0", 0, false));

        var agreement = ScreenComparison.Compare(Screen, arms, trials, 1)!;
        (agreement.Stage, agreement.Tasks).ShouldBe((Stages.Selection, 4));
        agreement.Correlation.ShouldBe(1, 1e-12);
        agreement.Interval.Lower.ShouldBe(1, 1e-12);
        agreement.Points.Select(p => (p.Arm, p.Rank, p.Passed, p.Trials)).ShouldBe([("L3 x4", 1, 16, 16), ("L3 x2", 2, 12, 16), ("L11 x4", 3, 8, 16), ("L1 x2", 4, 4, 16), ("L7 x4", 5, 0, 16)]);
        ScreenComparison.Compare(Screen, [.. arms.Take(2)], trials, 1).ShouldBeNull();

        // The first point, whose pass rate is now the lowest, is beyond the bound: among the others the order is still the screen's.
        var strong = Screen with { Points = [Screen.Points[0] with { Kl = Screen.KlBound * 2 }, .. Screen.Points.Skip(1)] };
        var other = trials.Select(t => t with { Reward = t is { Stage: Stages.Selection, Arm: "L3 x4" } ? 0 : t.Reward }).ToList();
        var bounded = ScreenComparison.Compare(strong, arms, other, 1)!;
        bounded.Correlation.ShouldBeLessThan(0.5);
        bounded.WithinBound!.Points.ShouldBe(3);
        bounded.WithinBound.Correlation.ShouldBe(1, 1e-12);
        agreement.WithinBound!.Points.ShouldBe(4);
        ScreenComparison.Compare(Screen with { KlBound = 1 }, arms, trials, 1)!.WithinBound.ShouldBeNull();

        // One pass in all: a third of the draws of tasks has none, and so no order. That is no certainty.
        var few = trials.Where(t => t is { Stage: Stages.Selection, Attempt: 0 }).Select(t => t with { Reward = t is { Arm: "L3 x4", Task: "t0" } ? 1 : 0 }).ToList();
        var unsure = ScreenComparison.Compare(Screen, arms, few, 1)!;
        unsure.Correlation.ShouldBeGreaterThan(0.5);
        unsure.Interval.ShouldBe(new Interval(-1, 1));
    }

    [Fact]
    public void Traces_are_taken_half_and_half_from_tasks_with_both_outcomes_and_evenly()
    {
        var trials = (from task in Enumerable.Range(0, 6)
                      from attempt in Enumerable.Range(0, 10)
                      select Trial(Stages.Collect, "base", $"t{task}", attempt, task == 5 || attempt < 4) with { Tokens = 9 }).ToList();
        trials.Add(Trial(Stages.Collect, "sft", "t0", 0, true) with { Tokens = 9 });
        var chosen = ScreenTraces.Choose(trials, 20, 1);
        chosen.Count.ShouldBe(20);
        chosen.Distinct().Count().ShouldBe(20);
        foreach (var side in chosen.GroupBy(t => t.Passed))
            side.GroupBy(t => t.Task).Select(g => (g.Key, g.Count())).OrderBy(g => g.Key).ShouldBe(Enumerable.Range(0, 5).Select(task => ($"t{task}", 2)));
        ScreenTraces.Choose(trials, 20, 1).ShouldBe(chosen);
        ScreenTraces.Choose(trials, 1000, 1).Count.ShouldBe(50);
        Should.Throw<CapvecException>(() => ScreenTraces.Choose(trials.Where(t => t.Passed), 20, 1)).Message.ShouldContain("nothing to read");
    }

    private static TrialRow Trial(string stage, string arm, string task, int attempt, bool passed) =>
        new(stage, arm, task, attempt, 1, passed ? 1 : 0, null, 1, 1, new(), "", DateTimeOffset.UnixEpoch, 1);
}
