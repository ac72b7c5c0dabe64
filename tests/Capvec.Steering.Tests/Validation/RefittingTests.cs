using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Tests.Data;
using Capvec.Steering.Validation;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Steering.Tests.Validation;

public sealed class RefittingTests
{
    [Fact]
    public void Refitting_the_mean_difference_gives_the_scores_of_the_closed_form() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 6, 8, hidden: 9, shift: 1, offset: 40, groups: 5);
        var rows = TrainingRows.Of(set, 0);
        foreach (var folds in new[] { Folds.LeaveOneOut(14), Folds.ByGroup([.. set.Traces.Select(t => t.Group)], 3) })
        {
            var closed = new double[14];
            if (!new HeldOutScores(rows, folds).TryScore(set.Labels, closed))
                continue;
            RefittedScores.TryScore(rows, folds, new Plain())!.Zip(closed).ShouldAllBe(pair => Math.Abs(pair.First - pair.Second) < 1e-9);
        }
    }).QuickCheckThrowOnFailure();

    [Theory, InlineData("lda"), InlineData("logistic"), InlineData("pca-differences"), InlineData("whitened")]
    public void A_held_out_score_does_not_depend_on_its_own_label(string name)
    {
        var set = Noise.Make(5, 6, 7, hidden: 8);
        var flipped = set.Relabel(t => t.Id == "t2" ? !t.IsPositive : t.IsPositive);
        var estimator = DirectionEstimators.Make(name);
        double Score(Steering.Activations.ActivationSet s) => RefittedScores.TryScore(TrainingRows.Of(s, 0), Folds.LeaveOneOut(13), estimator)![2];
        Score(flipped).ShouldBe(Score(set), 1e-9);
    }

    [Fact]
    public void On_noise_in_many_dimensions_every_estimator_parts_its_own_traces_and_no_others()
    {
        var set = Noise.Make(8, 12, 12, hidden: 400, layers: 2);
        foreach (var name in new[] { "mean-difference", "logistic", "lda", "whitened" })
        {
            var estimator = DirectionEstimators.Make(name);
            var ranked = LayerRanking.Compute(set, DirectionFit.Fit(set, estimator), new RankingOptions { Estimator = estimator, Permutations = 0 });
            ranked.Layers.ShouldAllBe(layer => layer.Auc > 0.99);
            ranked.Layers.ShouldAllBe(layer => layer.HeldOutAuc < 0.8);
        }
    }

    [Fact]
    public void Small_sets_are_permuted_completely_with_any_estimator()
    {
        var set = Noise.Make(2, 3, 4, hidden: 5, shift: 5);
        var estimator = DirectionEstimators.Make("lda");
        var ranked = LayerRanking.Compute(set, DirectionFit.Fit(set, estimator), new RankingOptions { Estimator = estimator });
        (ranked.Shuffles, ranked.IsExact, ranked.HeldOutBy).ShouldBe((35, true, "leave-one-out")); // 7 over 3
        (ranked.Layers[0].P!.Value * 35).ShouldBe(Math.Round(ranked.Layers[0].P!.Value * 35), 1e-9);
        ranked.Layers[0].P!.Value.ShouldBeGreaterThanOrEqualTo(1 / 35.0);
    }

    [Fact]
    public void Many_traces_are_left_out_in_folds_that_hold_both_classes()
    {
        var folds = Folds.Dealt([.. Enumerable.Range(0, 100).Select(i => i % 3 == 0)], 10);
        for (var fold = 0; fold < 10; fold++)
            Enumerable.Range(0, 100).Where(i => folds.Of[i] == fold).Select(i => i % 3 == 0).Distinct().Count().ShouldBe(2);
        var set = Noise.Make(2, 40, 40, hidden: 6, shift: 4);
        var estimator = DirectionEstimators.Make("lda");
        LayerRanking.Compute(set, DirectionFit.Fit(set, estimator), new RankingOptions { Estimator = estimator, Permutations = 0 }).HeldOutBy.ShouldBe("10 folds");
    }

    [Fact]
    public void Halves_agree_on_a_large_difference_and_not_on_noise()
    {
        Halves.Cosine(TrainingRows.Of(Noise.Make(1, 40, 40, hidden: 30, shift: 8), 0), DirectionEstimators.Default, 1)!.Value.ShouldBeGreaterThan(0.9);
        Math.Abs(Halves.Cosine(TrainingRows.Of(Noise.Make(1, 40, 40, hidden: 400), 0), DirectionEstimators.Default, 1)!.Value).ShouldBeLessThan(0.1);
        Halves.Cosine(TrainingRows.Of(Noise.Make(1, 1, 5), 0), DirectionEstimators.Default, 1).ShouldBeNull(); // one positive cannot be on both sides
    }

    [Fact]
    public void The_interval_of_tasks_drawn_again_covers_the_figure_and_is_wider_with_fewer_tasks()
    {
        var random = new Random(3);
        bool[] labels = [.. Enumerable.Range(0, 120).Select(i => i % 2 == 0)];
        double[] scores = [.. labels.Select(l => Noise.Gauss(random) + (l ? 1 : 0))];
        (double Low, double High) Of(int tasks) => AucBootstrap.Interval(scores, labels, [.. Enumerable.Range(0, 120).Select(i => $"{i / 2 % tasks}")], 7)!.Value;
        var auc = Auc.Of(scores, labels);
        var (many, few) = (Of(60), Of(4));
        auc.ShouldBeInRange(many.Low, many.High);
        (many.High - many.Low).ShouldBeInRange(0.08, 0.25);
        few.Low.ShouldBeLessThan(few.High);
        AucBootstrap.Interval(scores, labels, [.. Enumerable.Repeat("one", 120)], 7).ShouldBeNull();
    }

    [Fact]
    public void More_traces_learn_more_and_the_number_needed_follows_hanley_and_mcneil()
    {
        var curve = LearningCurve.Of(TrainingRows.Of(Noise.Make(1, 100, 100, hidden: 60, shift: 1.5), 0), DirectionEstimators.Default, 1);
        curve.Select(point => point.Traces).ShouldBe([26, 50, 100, 150, 180]);
        curve[^1].Auc.ShouldBeGreaterThan(curve[0].Auc + 0.03);
        LearningCurve.Of(TrainingRows.Of(Noise.Make(1, 2, 2), 0), DirectionEstimators.Default, 1).ShouldBeEmpty();

        static double HalfWidth(int n) // Hanley and McNeil at A = 0.8, half positives
        {
            double q1 = 0.8 / 1.2, q2 = 2 * 0.64 / 1.8, m = n / 2.0;
            return 1.96 * Math.Sqrt((0.16 + ((m - 1) * (q1 - 0.64)) + ((m - 1) * (q2 - 0.64))) / (m * m));
        }

        var needed = LearningCurve.TracesFor(0.8, 10, 10);
        HalfWidth(needed).ShouldBeLessThanOrEqualTo(0.05);
        HalfWidth((int)(needed * 0.97)).ShouldBeGreaterThan(0.05);
    }

    private sealed class Plain : IDirectionEstimator
    {
        public string Name => "plain";

        public double[] Weights(TrainingRows rows) => rows.MeanDifferenceWeights();
    }
}
