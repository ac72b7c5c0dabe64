using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Tests.Data;
using Capvec.Steering.Validation;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Steering.Tests.Validation;

public sealed class HeldOutTests
{
    [Fact]
    public void The_fast_leave_one_out_scores_are_those_of_refitting_without_each_trace() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 2 + (seed & 3), 3, hidden: 9, layers: 2, shift: 1, offset: 40);
        var naive = Refitted(set, 1, Folds.LeaveOneOut(set.Traces.Length));
        var gram = new double[set.Traces.Length];
        new HeldOutScores(TrainingRows.Of(set, 1), Folds.LeaveOneOut(set.Traces.Length)).TryScore(set.Labels, gram).ShouldBeTrue();
        return Near(LeaveOneOut.Scores(set, 1), naive) && Near(gram, naive);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Scores_with_whole_tasks_left_out_are_those_of_refitting_without_them() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 9, 5, hidden: 6, shift: 0.5, offset: 10, groups: 5);
        var folds = Folds.ByGroup([.. set.Traces.Select(t => t.Group)], 3);
        var fast = new double[14];
        new HeldOutScores(TrainingRows.Of(set, 0), folds).TryScore(set.Labels, fast).ShouldBeTrue();
        return folds.Count == 3 && Near(fast, Refitted(set, 0, folds));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Moving_all_rows_by_the_same_vector_changes_no_score()
    {
        var set = Noise.Make(3, 6, 6);
        var moved = new ActivationSet(
            [.. Enumerable.Range(0, 12).SelectMany(i => set.Row(i, 0).ToArray().Select((x, k) => x + (k * 100f)))], set.Traces, set.Layers, set.Hidden);
        Near(LeaveOneOut.Scores(set, 0), LeaveOneOut.Scores(moved, 0), 1e-3).ShouldBeTrue();
    }

    [Fact]
    public void A_held_out_score_does_not_depend_on_its_own_label()
    {
        var set = Noise.Make(5, 6, 6);
        var flipped = set.Relabel(t => t.Id == "t2" ? !t.IsPositive : t.IsPositive);
        LeaveOneOut.Scores(set, 0)[2].ShouldBe(LeaveOneOut.Scores(flipped, 0)[2], 1e-9);
    }

    [Fact]
    public void Separated_classes_score_one_and_in_sample_flatters_noise_in_many_dimensions()
    {
        LeaveOneOut.HeldOutAuc(Noise.Make(1, 10, 12, shift: 40), 0).ShouldBe(1);
        var noise = Noise.Make(2, 5, 12, hidden: 2560);
        var ranked = LayerRanking.Compute(noise, MeanDifference.Fit(noise), new RankingOptions { Permutations = 0 }).Layers[0];
        ranked.Auc.ShouldBe(1);
        ranked.HeldOutAuc.ShouldBeLessThan(0.9);
    }

    [Fact]
    public void On_noise_the_leave_one_out_figure_lies_a_little_under_one_half_and_is_wide()
    {
        var figures = Enumerable.Range(0, 600).Select(seed => LeaveOneOut.HeldOutAuc(Noise.Make(seed + 1000, 5, 12, hidden: 60, offset: 30), 0)).ToList();
        var mean = figures.Average();
        mean.ShouldBeInRange(0.44, 0.51);
        Math.Sqrt(figures.Average(f => (f - mean) * (f - mean))).ShouldBeInRange(0.17, 0.27);
    }

    [Fact]
    public void Tasks_go_to_folds_whole_and_evenly()
    {
        var folds = Folds.ByGroup(["a", "a", "a", "b", "b", "c", "d"], 2);
        folds.Of.ShouldBe([0, 0, 0, 1, 1, 1, 0]);
        Folds.ByGroup(["a", "b", "c"], 10).Count.ShouldBe(3);
    }

    [Fact]
    public void The_grouped_figure_is_missing_where_a_task_holds_a_whole_class_and_two_of_each_class_are_needed()
    {
        var set = Noise.Make(1, 4, 4).Relabel(t => t.Group == "task1");
        set.Labels.Count(l => l).ShouldBe(2);
        LayerRanking.Compute(set, MeanDifference.Fit(set), new RankingOptions { Permutations = 0 }).Layers[0].GroupedAuc.ShouldBeNull();
        Should.Throw<CapvecException>(() => LeaveOneOut.Scores(Noise.Make(1, 1, 4), 0)).Message.ShouldContain("1 positive and 4 negative");
    }

    private static bool Near(double[] x, double[] y, double tolerance = 1e-7) => x.Zip(y).All(p => Math.Abs(p.First - p.Second) < tolerance);

    /// <summary>Fits anew for each fold, in the plainest way.</summary>
    private static double[] Refitted(ActivationSet set, int layer, Folds folds)
    {
        var n = set.Traces.Length;
        double[] Mean(IEnumerable<int> of) => [.. Enumerable.Range(0, set.Hidden).Select(k => of.Average(i => (double)set.Row(i, layer)[k]))];
        return [.. Enumerable.Range(0, n).Select(i =>
        {
            var training = Enumerable.Range(0, n).Where(j => folds.Of[j] != folds.Of[i]).ToList();
            var (positive, negative, all) = (Mean(training.Where(j => set.Traces[j].IsPositive)), Mean(training.Where(j => !set.Traces[j].IsPositive)), Mean(training));
            var w = positive.Zip(negative, (a, b) => a - b).ToArray();
            var row = set.Row(i, layer).ToArray();
            return Enumerable.Range(0, set.Hidden).Sum(k => (row[k] - all[k]) * w[k]) / Math.Sqrt(w.Sum(x => x * x));
        })];
    }
}
