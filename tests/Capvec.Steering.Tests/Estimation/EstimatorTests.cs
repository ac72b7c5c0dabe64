using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Tests.Data;
using FsCheck;
using FsCheck.Fluent;
using MathNet.Numerics.LinearAlgebra;

namespace Capvec.Steering.Tests.Estimation;

/// <summary>Every estimator against the plain formula in the space of the residuals, which is slow and easy to read.</summary>
public sealed class EstimatorTests
{
    public static TheoryData<string> Learned => [.. DirectionEstimators.Names.Where(name => name != "random")];

    [Theory, MemberData(nameof(Learned))]
    public void A_planted_direction_is_found_and_points_to_the_positives(string name)
    {
        var set = Noise.Make(3, 40, 40, hidden: 20, shift: 8, offset: 100);
        var direction = DirectionFit.Fit(set, 0, DirectionEstimators.Make(name));
        ((double)direction.Unit[1]).ShouldBeGreaterThan(0.9);
        direction.Margin!.Value.ShouldBeGreaterThan(6);
    }

    [Theory, MemberData(nameof(Learned))]
    public void Neither_a_shift_of_all_rows_nor_a_rotation_changes_what_is_found(string name) => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 9, 7, hidden: 6, shift: 1.5);
        var turned = Map(set, row => [row[3] + 50, row[0] - 20, -row[1], row[5], row[2] + 7, -row[4]]);
        var plain = DirectionFit.Fit(set, 0, DirectionEstimators.Make(name)).Unit;
        var moved = DirectionFit.Fit(turned, 0, DirectionEstimators.Make(name)).Unit;
        float[] expected = [plain[3], plain[0], -plain[1], plain[5], plain[2], -plain[4]];
        return Cosine(moved, expected) > 0.9999;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(25));

    [Fact]
    public void Within_tasks_is_the_weighted_mean_of_differences_worked_out_by_hand()
    {
        // Task a: positives 1 and 3, negative 0: difference 2, weight 2/3. Task b: positive 105, negative 100: difference 5, weight 1/2. Task c has no negative.
        var set = Set([[1], [3], [0], [105], [100], [900]], [true, true, false, true, false, true], ["a", "a", "a", "b", "b", "c"]);
        var weights = DirectionEstimators.Make("within-tasks").Weights(TrainingRows.Of(set, 0));
        double[] rows = [1, 3, 0, 105, 100, 900];
        weights.Take(6).Zip(rows, (w, x) => w * x).Sum().ShouldBe(((2 * 2.0 / 3) + (5 * 0.5)) / ((2.0 / 3) + 0.5), 1e-12);
        weights[5].ShouldBe(0);
    }

    [Fact]
    public void What_tells_tasks_apart_fools_the_mean_difference_and_cancels_within_tasks()
    {
        // The second axis is the task, and one task is mostly solved; the first is what differs within tasks.
        var set = Set(
            [[1, 50], [1, 50], [1, 50], [0, 50], [1, 0], [0, 0], [0, 0], [0, 0]], [true, true, true, false, true, false, false, false], ["a", "a", "a", "a", "b", "b", "b", "b"]);
        Math.Abs(MeanDifference.Fit(set, 0).Unit[1]).ShouldBeGreaterThan(0.99f);
        ((double)DirectionFit.Fit(set, 0, DirectionEstimators.Make("within-tasks")).Unit[0]).ShouldBe(1, 1e-6);
    }

    [Fact]
    public void Task_balanced_gives_each_task_of_a_class_the_same_weight()
    {
        var set = Set([[1], [1], [1], [9], [0], [0]], [true, true, true, true, false, false], ["a", "a", "a", "b", "a", "b"]);
        var weights = DirectionEstimators.Make("task-balanced").Weights(TrainingRows.Of(set, 0));
        weights.ShouldBe([1 / 6.0, 1 / 6.0, 1 / 6.0, 0.5, -0.5, -0.5, 0]);
    }

    [Fact]
    public void The_discriminant_is_the_inverse_of_the_shrunk_covariance_times_the_mean_difference() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 8, 11, hidden: 7, shift: 1, offset: 30);
        var (x, difference) = (Centred(set, byClass: true), Difference(set));
        var expected = Shrunk(x).Inverse() * difference;
        return Cosine(DirectionFit.Fit(set, 0, DirectionEstimators.Make("lda")).Unit, expected) > 0.999999;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void The_whitened_difference_is_the_inverse_root_of_the_shrunk_covariance_times_the_mean_difference() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 8, 11, hidden: 7, shift: 1, offset: 30);
        var eigen = Shrunk(Centred(set, byClass: false)).Evd(Symmetricity.Symmetric);
        var root = eigen.EigenVectors * Matrix<double>.Build.DenseOfDiagonalVector(eigen.EigenValues.Real().Map(v => 1 / Math.Sqrt(v))) * eigen.EigenVectors.Transpose();
        return Cosine(DirectionFit.Fit(set, 0, DirectionEstimators.Make("whitened")).Unit, root * Difference(set)) > 0.999999;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void The_logistic_weights_are_those_of_newtons_method_on_the_residuals_themselves() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 12, 9, hidden: 4, shift: 1);
        return Cosine(DirectionFit.Fit(set, 0, DirectionEstimators.Make("logistic", ridge: 0.3)).Unit, Logistic(set, 0.3)) > 0.99999;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void The_component_of_pair_differences_is_their_first_singular_vector() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 6, 6, hidden: 5, shift: 3, groups: 6); // trace i and i + 6 are of one task
        var differences = Matrix<double>.Build.Dense(6, 5, (i, k) => (double)set.Row(i, 0)[k] - set.Row(i + 6, 0)[k]);
        var top = differences.Svd().VT.Row(0);
        var found = DirectionFit.Fit(set, 0, DirectionEstimators.Make("pca-differences"));
        return Math.Abs(Cosine(found.Unit, top)) > 0.99999 && found.Margin > 0;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void The_centred_component_is_the_first_singular_vector_of_the_rows_about_their_mean() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 6, 9, hidden: 5, shift: 3);
        var found = DirectionFit.Fit(set, 0, DirectionEstimators.Make("pca-centred"));
        return Math.Abs(Cosine(found.Unit, Centred(set, byClass: false).Svd().VT.Row(0))) > 0.99999 && found.Margin >= 0;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void The_neutral_mean_is_taken_out_exactly()
    {
        var set = Noise.Make(5, 10, 14, hidden: 9, shift: 2, offset: 25);
        var direction = DirectionFit.Fit(set, 0, DirectionEstimators.Make("mean-difference", orthogonalTo: ["neutral"]));
        var neutral = Enumerable.Range(0, 9).Select(k => Enumerable.Range(10, 14).Average(i => (double)set.Row(i, 0)[k])).ToArray();
        Math.Abs(Cosine(direction.Unit, neutral)).ShouldBeLessThan(1e-6);
        Math.Abs(Cosine(MeanDifference.Fit(set, 0).Unit, neutral)).ShouldBeGreaterThan(1e-3);
    }

    [Fact]
    public void Arms_and_measures_are_taken_out_within_the_classes()
    {
        var random = new Random(4);
        float Noise() => (float)(0.01 * (random.NextDouble() - 0.5));
        // Axis 0: the contrast. Axis 1: the arm. Axis 2: the number of turns. Positives are mostly of arm x and have more turns.
        var traces = Enumerable.Range(0, 40).Select(i => (Positive: i < 20, Arm: i % 20 < (i < 20 ? 15 : 5) ? "x" : "y", Turns: (i % 7) + (i < 20 ? 3 : 0))).ToList();
        var set = new ActivationSet(
            [.. traces.SelectMany(t => new[] { (t.Positive ? 1 : 0) + Noise(), (t.Arm == "x" ? 5 : 0) + Noise(), (t.Turns * 2) + Noise(), Noise() })],
            traces.Select((t, i) => new ActivationTrace($"t{i}", "task", t.Positive) { Arm = t.Arm, Measures = System.Collections.Immutable.ImmutableSortedDictionary<string, double>.Empty.Add("turns", t.Turns) }), [0], 4);
        Math.Abs(MeanDifference.Fit(set, 0).Unit[0]).ShouldBeLessThan(0.3f);
        var clean = DirectionFit.Fit(set, 0, DirectionEstimators.Make("mean-difference", orthogonalTo: ["arm", "turns"]));
        clean.Unit[0].ShouldBeGreaterThan(0.999f);
        Should.Throw<CapvecException>(() => DirectionEstimators.Make("lda", orthogonalTo: ["length"]).Weights(TrainingRows.Of(set, 0))).Message.ShouldContain("known are neutral, arm, turns");
        var only = new ActivationSet([0, 1, 2, 3], Enumerable.Range(0, 4).Select(i => new ActivationTrace($"t{i}", "a", i >= 2)), [0], 1);
        Should.Throw<CapvecException>(() => DirectionFit.Fit(only, 0, DirectionEstimators.Make("mean-difference", orthogonalTo: ["neutral"]))).Message.ShouldContain("nothing of the direction is left");
    }

    [Fact]
    public void Names_and_ridges_that_mean_nothing_are_refused()
    {
        Should.Throw<CapvecException>(() => DirectionEstimators.Make("median")).Message.ShouldContain("there are mean-difference, task-balanced");
        Should.Throw<CapvecException>(() => DirectionEstimators.Make("lda", ridge: 1)).Message.ShouldContain("only logistic has");
        Should.Throw<CapvecException>(() => DirectionEstimators.Make("logistic", ridge: -1)).Message.ShouldContain("above 0");
        Should.Throw<CapvecException>(() => DirectionFit.Fit(Noise.Make(1, 4, 4, groups: 8), DirectionEstimators.Make("within-tasks"))).Message.ShouldContain("no task has both");
    }

    [Fact]
    public void Winsorising_draws_in_what_lies_beyond_the_rows_own_quantile()
    {
        var set = new ActivationSet([1, -2, 3, -4, 1000], [new ActivationTrace("t", "a", true)], [0], 5);
        set.Winsorised(0.75).Row(0, 0).ToArray().ShouldBe([1f, -2, 3, -4, 4]);
        Should.Throw<CapvecException>(() => set.Winsorised(1)).Message.ShouldContain("between 0 and 1");
    }

    [Fact]
    public void Shuffled_labels_keep_their_number_and_depend_on_the_seed_alone()
    {
        var set = Noise.Make(1, 9, 21);
        var dealt = set.ShuffledLabels(5);
        dealt.Labels.Count(l => l).ShouldBe(9);
        dealt.Labels.ShouldBe(set.ShuffledLabels(5).Labels);
        dealt.Labels.ShouldNotBe(set.Labels);
        dealt.Contrast!.ShouldContain("dealt out again");
    }

    private static ActivationSet Set(float[][] rows, bool[] labels, string[] groups) =>
        new([.. rows.SelectMany(row => row)], labels.Select((label, i) => new ActivationTrace($"t{i}", groups[i], label)), [0], rows[0].Length);

    private static ActivationSet Map(ActivationSet set, Func<float[], float[]> map) =>
        new([.. Enumerable.Range(0, set.Traces.Length).SelectMany(i => map(set.Row(i, 0).ToArray()))], set.Traces, set.Layers, set.Hidden);

    private static double Cosine(ReadOnlySpan<float> a, IReadOnlyList<float> b) => Cosine(a, [.. b.Select(x => (double)x)]);

    private static double Cosine(ReadOnlySpan<float> a, IEnumerable<double> b)
    {
        var (x, y) = (a.ToArray(), b.ToArray());
        return x.Zip(y, (p, q) => p * q).Sum() / (Direction.Length(x) * Math.Sqrt(y.Sum(q => q * q)));
    }

    private static Matrix<double> Rows(ActivationSet set) => Matrix<double>.Build.Dense(set.Traces.Length, set.Hidden, (i, k) => set.Row(i, 0)[k]);

    private static Matrix<double> Centred(ActivationSet set, bool byClass)
    {
        var x = Rows(set);
        return Matrix<double>.Build.Dense(x.RowCount, x.ColumnCount, (i, k) =>
            x[i, k] - Enumerable.Range(0, x.RowCount).Where(j => !byClass || set.Traces[j].IsPositive == set.Traces[i].IsPositive).Average(j => x[j, k]));
    }

    private static Vector<double> Difference(ActivationSet set)
    {
        var x = Rows(set);
        double Mean(bool side, int k) => Enumerable.Range(0, x.RowCount).Where(i => set.Traces[i].IsPositive == side).Average(i => x[i, k]);
        return Vector<double>.Build.Dense(x.ColumnCount, k => Mean(true, k) - Mean(false, k));
    }

    /// <summary>Ledoit and Wolf's estimate written with covariances: the distance of each row's outer product from their mean.</summary>
    private static Matrix<double> Shrunk(Matrix<double> x)
    {
        var (n, d) = (x.RowCount, x.ColumnCount);
        var covariance = x.TransposeThisAndMultiply(x) / n;
        var variance = covariance.Trace() / d;
        var identity = Matrix<double>.Build.DenseIdentity(d);
        double Squared(Matrix<double> m) => Math.Pow(m.FrobeniusNorm(), 2);
        var delta = Squared(covariance - (variance * identity));
        var beta = Enumerable.Range(0, n).Sum(i => Squared(x.Row(i).OuterProduct(x.Row(i)) - covariance)) / ((double)n * n);
        var share = Math.Clamp(beta / delta, 1e-3, 1);
        return ((1 - share) * covariance) + (share * variance * identity);
    }

    /// <summary>Newton's method on [v, b] with the same penalties.</summary>
    private static double[] Logistic(ActivationSet set, double ridge)
    {
        var x = Centred(set, byClass: false);
        var (n, d) = (x.RowCount, x.ColumnCount);
        var unit = Enumerable.Range(0, n).Average(i => x.Row(i).DotProduct(x.Row(i)));
        var design = Matrix<double>.Build.Dense(n, d + 1, (i, k) => k < d ? x[i, k] : 1);
        var penalty = Vector<double>.Build.Dense(d + 1, k => k < d ? ridge * unit : 0.01);
        var beta = Vector<double>.Build.Dense(d + 1);
        for (var step = 0; step < 60; step++)
        {
            var p = (design * beta).Map(f => 1 / (1 + Math.Exp(-f)));
            var labels = Vector<double>.Build.Dense(n, i => set.Traces[i].IsPositive ? 1 : 0);
            var gradient = design.TransposeThisAndMultiply(labels - p) - penalty.PointwiseMultiply(beta);
            var hessian = design.TransposeThisAndMultiply(Matrix<double>.Build.DenseOfDiagonalVector(p.Map(q => q * (1 - q)))) * design;
            beta += (hessian + Matrix<double>.Build.DenseOfDiagonalVector(penalty)).Solve(gradient);
        }

        return [.. beta.Take(d)];
    }
}
