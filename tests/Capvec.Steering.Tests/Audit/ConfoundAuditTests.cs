using System.Collections.Immutable;
using System.Text.Json;
using Capvec.Steering.Activations;
using Capvec.Steering.Audit;
using Capvec.Steering.Tests.Data;
using Capvec.Steering.Validation;
using Capvec.Tests;

namespace Capvec.Steering.Tests.Audit;

public sealed class ConfoundAuditTests
{
    [Fact]
    public void A_contrast_between_arms_cannot_be_told_from_the_arms()
    {
        var set = With(Noise.Make(1, 12, 14, shift: 6), (_, t) => t with { Arm = t.IsPositive ? "sft" : "base" });
        var audit = ConfoundAudit.Run(set, 0);
        var arm = audit.Confounds[0];
        (arm.Fact, arm.Levels, arm.Pairs, arm.HeldFixed, arm.IsInseparable).ShouldBe(("arm", 2, 0, null, true));
        arm.Separation.ShouldBe(audit.HeldOutAuc, 1e-12); // the arm is the label
        audit.Findings().ShouldHaveSingleItem().ShouldContain("mostly arm: no positive is like any negative in it");
    }

    [Fact]
    public void A_contrast_within_arms_keeps_its_figure_when_the_arm_is_held_fixed()
    {
        var set = With(Noise.Make(2, 20, 20, shift: 3), (i, t) => t with { Arm = i % 2 == 0 ? "sft" : "base" });
        var audit = ConfoundAudit.Run(set, 0);
        var arm = audit.Confounds.Single(c => c.Fact == "arm");
        arm.Pairs.ShouldBe(200);
        arm.HeldFixed!.Value.ShouldBe(audit.HeldOutAuc, 0.03);
        audit.Findings().ShouldHaveSingleItem().ShouldContain("no known fact takes more than half");
    }

    [Fact]
    public void A_direction_that_is_the_length_of_the_replies_is_found_out()
    {
        // Length moves the residual and goes with the label, and nothing else does: alike in length, labels mean nothing.
        var random = new Random(3);
        var lengths = Enumerable.Range(0, 80).Select(i => (i < 40) != (i % 5 == 0) ? 100.0 : 400).ToArray();
        var values = lengths.SelectMany(length => Enumerable.Range(0, 6).Select(k => (float)((k == 1 ? length / 20 : 0) + Noise.Gauss(random)))).ToArray();
        var set = new ActivationSet(
            values, lengths.Select((length, i) => new ActivationTrace($"t{i}", $"task{i % 4}", i < 40) { Measures = Measure("characters a reply", length) }), [5], 6);
        var audit = ConfoundAudit.Run(set, 5);
        audit.HeldOutAuc.ShouldBeGreaterThan(0.7);
        var found = audit.Confounds[0];
        (found.Fact, found.Pairs).ShouldBe(("characters a reply", 2 * 8 * 32));
        found.Separation.ShouldBe(1);
        found.HeldFixed!.Value.ShouldBeInRange(0.35, 0.62);
        audit.Findings().ShouldHaveSingleItem().ShouldStartWith("layer 5: the direction may be mostly characters a reply: held-out AUC 0.");
    }

    [Fact]
    public void A_direction_that_tells_nothing_is_not_blamed_on_anything()
    {
        var set = With(Noise.Make(4, 12, 14).Relabel(t => int.Parse(t.Id[1..]) % 2 == 0), (_, t) => t with { Arm = t.IsPositive ? "a" : "b" });
        ConfoundAudit.Run(set, 0).Findings().ShouldHaveSingleItem().ShouldContain("tells too little");
    }

    [Fact]
    public void Known_scores_give_known_figures()
    {
        double[] scores = [4, 3, 2, 1];
        TraceFact.OfNumbers("n", [1, 1, 2, 3]).Separation(scores).ShouldBe(1); // longer is always lower
        TraceFact.OfNumbers("n", [2, 1, 1, 2]).Separation(scores).ShouldBe(0.5);
        TraceFact.OfNames("n", ["x", "y", "x", "y"]).Separation(scores).ShouldBe(0.75);
        TraceFact.OfNumbers("n", [0, 0, 0, 7, 9, 0, 8, 0]).Levels.ShouldBe([0, 0, 0, 2, 3, 0, 3, 0]);
    }

    [Fact]
    public void Facts_that_do_not_differ_or_are_not_known_of_all_are_left_out()
    {
        var set = With(Noise.Make(1, 4, 4), (i, t) => t with { Arm = "base", Measures = i == 0 ? Measure("turns", 3) : Measure("turns", 3).Add("commands", i) });
        TraceFact.Of(set).Select(f => f.Name).ShouldBe(["task"]);
    }

    [Fact]
    public void What_is_known_of_traces_is_kept_in_their_file_and_the_audit_in_its_own()
    {
        using var folder = new TemporaryFolder();
        var set = With(Noise.Make(1, 5, 5, shift: 9), (i, t) => t with { Arm = $"a{i % 2}", Measures = Measure("turns", i) });
        set.Save(folder.File("a.safetensors"));
        var loaded = ActivationSet.Load(folder.File("a.safetensors"));
        loaded.Traces.Select(t => t.Arm).ShouldBe(set.Traces.Select(t => t.Arm));
        loaded.Traces.Select(t => t.Measures["turns"]).ShouldBe(Enumerable.Range(0, 10).Select(i => (double)i));

        var audit = ConfoundAudit.Run(loaded, 0);
        audit.Save(folder.Path);
        using var json = JsonDocument.Parse(File.ReadAllText(folder.File("audit.json")));
        json.RootElement.GetProperty("facts").GetArrayLength().ShouldBe(3);
        json.RootElement.GetProperty("auc_held_out").GetDouble().ShouldBe(audit.HeldOutAuc);
    }

    [Fact]
    public void The_phantoms_own_direction_is_not_its_tasks()
    {
        var set = ActivationSet.Load(Repository.File("tests", "fixtures", "steering", "phantom-activations.safetensors"));
        var audit = ConfoundAudit.Run(set, 9);
        audit.HeldOutAuc.ShouldBe(LeaveOneOut.HeldOutAuc(set, 9));
        var task = audit.Confounds.ShouldHaveSingleItem();
        task.HeldFixed!.Value.ShouldBeGreaterThan(0.9);
        audit.Findings().ShouldHaveSingleItem().ShouldContain("no known fact");
    }

    private static ActivationSet With(ActivationSet set, Func<int, ActivationTrace, ActivationTrace> change) => new(
        [.. Enumerable.Range(0, set.Traces.Length).SelectMany(i => set.Row(i, 0).ToArray())], set.Traces.Select((t, i) => change(i, t)), set.Layers, set.Hidden);

    private static ImmutableSortedDictionary<string, double> Measure(string name, double value) => ImmutableSortedDictionary<string, double>.Empty.Add(name, value);
}
