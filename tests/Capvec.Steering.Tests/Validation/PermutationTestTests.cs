using System.Diagnostics;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Tests.Data;
using Capvec.Steering.Validation;

namespace Capvec.Steering.Tests.Validation;

public sealed class PermutationTestTests
{
    [Fact]
    public void Few_relabellings_are_all_tried_each_once()
    {
        var shuffles = LabelShuffles.Make([true, true, false, false, false], null, 7, 1);
        shuffles.IsExact.ShouldBeTrue();
        shuffles.Labels.Count.ShouldBe(10);
        shuffles.Labels.Select(l => string.Concat(l.Select(x => x ? '+' : '-'))).Distinct().Count().ShouldBe(10);
        shuffles.Labels.ShouldAllBe(l => l.Count(x => x) == 2);
    }

    [Fact]
    public void Within_tasks_every_task_keeps_its_number_of_positives()
    {
        string[] tasks = ["a", "b", "a", "b", "b", "a"];
        bool[] labels = [true, true, false, false, false, false];
        var all = LabelShuffles.Make(labels, tasks, 7, 1);
        all.Labels.Count.ShouldBe(9);
        all.Labels.ShouldAllBe(l => l.Where((x, i) => x && tasks[i] == "a").Count() == 1 && l.Where((x, i) => x && tasks[i] == "b").Count() == 1);
        var many = Enumerable.Range(0, 60).Select(i => $"{i / 4}").ToArray();
        var sampled = LabelShuffles.Make([.. many.Select((_, i) => i % 4 < 2)], many, 50, 1);
        (sampled.IsExact, sampled.Labels.Count).ShouldBe((false, 50));
        sampled.Labels.ShouldAllBe(l => Enumerable.Range(0, 15).All(t => l.Skip(4 * t).Take(4).Count(x => x) == 2));
    }

    [Fact]
    public void The_exact_p_is_the_share_of_all_relabellings_that_do_as_well()
    {
        var set = Noise.Make(11, 4, 5, hidden: 3, shift: 1.5);
        var result = PermutationTest.Run(set, 1, 0);
        (result.IsExact, result.Shuffles).ShouldBe((true, 126));
        var observed = LeaveOneOut.HeldOutAuc(set, 0);
        var hits = 0;
        for (var bits = 0; bits < 512; bits++)
        {
            if (System.Numerics.BitOperations.PopCount((uint)bits) == 4 && LeaveOneOut.HeldOutAuc(set.Relabel(t => (bits >> int.Parse(t.Id[1..]) & 1) == 1), 0) >= observed)
                hits++;
        }

        result.HeldOutAuc[0].ShouldBe(observed);
        result.P[0].ShouldBe(hits / 126.0);
    }

    [Fact]
    public void Under_the_null_p_is_uniform()
    {
        // 300 null data sets of 8 against 10 in 20 dimensions; P(p <= x) must be close to x.
        var ps = Enumerable.Range(0, 300).Select(seed => PermutationTest.Run(Noise.Make(seed, 8, 10, hidden: 20, offset: 20), 99, (ulong)seed).P[0]).Order().ToList();
        var distance = ps.Select((p, i) => Math.Abs(p - ((i + 1) / 300.0))).Max();
        distance.ShouldBeLessThan(1.63 / Math.Sqrt(300) + 0.01); // Kolmogorov's 1% point, and the step of p
        ps.ShouldAllBe(p => p >= 0.01);
    }

    [Fact]
    public void The_p_over_all_layers_is_never_below_the_p_of_one_and_controls_the_choice_of_a_layer()
    {
        var smallest = new List<double>();
        for (var seed = 0; seed < 120; seed++)
        {
            var result = PermutationTest.Run(Noise.Make(seed, 8, 8, hidden: 10, layers: 8), 59, (ulong)seed);
            result.P.Zip(result.PMax).ShouldAllBe(p => p.Second >= p.First);
            smallest.Add(result.PMax.Min());
        }

        smallest.Count(p => p <= 0.1).ShouldBeInRange(3, 24); // 12 expected of 120, binomial 99.9%
    }

    [Fact]
    public void A_real_difference_is_found_at_its_layer_alone()
    {
        var result = PermutationTest.Run(Noise.Make(4, 30, 30, hidden: 40, layers: 2, shift: 2.5), 199, 5);
        result.P[1].ShouldBe(1 / 200.0);
        result.PMax[1].ShouldBe(1 / 200.0);
        result.P[0].ShouldBeGreaterThan(0.02);
        PermutationTest.Run(Noise.Make(4, 30, 30, hidden: 40, layers: 2, shift: 2.5), 199, 5).P.ShouldBe(result.P);
    }

    [Fact]
    public void A_difference_between_tasks_is_not_taken_for_one_between_outcomes_when_labels_move_within_tasks()
    {
        // Task 0 lies far off and has mostly positives; inside each task the labels mean nothing.
        var random = new Random(1);
        var values = new float[60 * 4];
        var traces = new List<ActivationTrace>();
        for (var i = 0; i < 60; i++)
        {
            for (var k = 0; k < 4; k++)
                values[(i * 4) + k] = (float)(Noise.Gauss(random) + (i < 30 && k == 0 ? 8 : 0));
            traces.Add(new($"t{i}", i < 30 ? "far" : "near", i < 30 ? i % 5 != 0 : i % 5 == 0));
        }

        var set = new ActivationSet(values, traces, [0], 4);
        PermutationTest.Run(set, 199, 1).P[0].ShouldBe(1 / 200.0);
        PermutationTest.Run(set, 199, 1, withinGroups: true).P[0].ShouldBeGreaterThan(0.05);
    }

    [Fact]
    public void What_cannot_be_permuted_is_refused()
    {
        Should.Throw<CapvecException>(() => PermutationTest.Run(Noise.Make(1, 3, 3), 0, 0)).Message.ShouldContain("0 permutations");
        var pure = Noise.Make(1, 4, 4, groups: 2).Relabel(t => t.Group == "task0");
        Should.Throw<CapvecException>(() => PermutationTest.Run(pure, 10, 0, withinGroups: true)).Message.ShouldContain("within tasks");
    }

    [Fact]
    public void Twelve_layers_of_300_traces_take_seconds_and_not_minutes_for_1000_permutations()
    {
        var set = Noise.Make(1, 150, 150, hidden: 256, layers: 12);
        var watch = Stopwatch.StartNew();
        PermutationTest.Run(set, 1000, 1).Shuffles.ShouldBe(1000);
        TestContext.Current.TestOutputHelper?.WriteLine($"{watch.Elapsed.TotalSeconds:F2} s");
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60)); // about 2 s; refitting would take an hour
    }
}
