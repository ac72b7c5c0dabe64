using Capvec.Formats.Errors;
using Capvec.Steering.Activations;
using Capvec.Steering.Directions;
using Capvec.Steering.Estimation;
using Capvec.Steering.Ranking;
using Capvec.Steering.Tests.Data;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Steering.Tests.Estimation;

public sealed class MeanDifferenceTests
{
    [Fact]
    public void The_direction_and_margin_of_known_rows_are_exact()
    {
        var set = new ActivationSet(
            [1, 2, 10, 0, /**/ 3, 2, 10, 0, /**/ -1, -1, 10, 3],
            [new("a", "x", true), new("b", "x", true), new("c", "y", false)],
            [4, 9],
            2);
        var direction = MeanDifference.Fit(set, 4); // (2, 2) - (-1, -1)
        direction.Margin.ShouldBe(Math.Sqrt(18));
        direction.Unit.ToArray().ShouldBe([(float)Math.Sqrt(0.5), (float)Math.Sqrt(0.5)]);
        direction.ResidualNorm!.Value.ShouldBe((Math.Sqrt(5) + Math.Sqrt(13) + Math.Sqrt(2)) / 3, 1e-12);
        MeanDifference.Fit(set, 9).Unit.ToArray().ShouldBe([0f, -1]);
    }

    [Fact]
    public void The_margin_is_the_difference_of_the_mean_projections() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 5, 9, hidden: 20, offset: 50);
        var direction = MeanDifference.Fit(set, 0);
        var by = Enumerable.Range(0, 14).ToLookup(i => i < 5, i => direction.Project(set.Row(i, 0)));
        return Math.Abs(by[true].Average() - by[false].Average() - direction.Margin!.Value) < 1e-5;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Swapping_the_labels_turns_the_direction_round() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 4, 7);
        var (there, back) = (MeanDifference.Fit(set, 0), MeanDifference.Fit(set.Relabel(t => !t.IsPositive), 0));
        return there.Margin == back.Margin && there.Unit.ToArray().Zip(back.Unit.ToArray()).All(x => x.First == -x.Second);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_orthogonal_map_of_the_rows_maps_the_direction_and_keeps_every_figure() => Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
    {
        var set = Noise.Make(seed, 4, 5, hidden: 12, shift: 1);
        var map = Householder(new Random(seed), 12);
        var turned = new ActivationSet(
            [.. Enumerable.Range(0, 9).SelectMany(i => Apply(map, set.Row(i, 0).ToArray()))], set.Traces, set.Layers, set.Hidden);
        var (a, b) = (MeanDifference.Fit(set, 0), MeanDifference.Fit(turned, 0));
        var ra = LayerRanking.Compute(set, MeanDifference.Fit(set), new RankingOptions { Permutations = 20 }).Layers[0];
        var rb = LayerRanking.Compute(turned, MeanDifference.Fit(turned), new RankingOptions { Permutations = 20 }).Layers[0];
        return Math.Abs(a.Margin!.Value - b.Margin!.Value) < 1e-5
            && new Direction(0, Apply(map, a.Unit.ToArray())).Cosine(b) > 1 - 1e-6
            && (ra.Auc, ra.HeldOutAuc, ra.GroupedAuc, ra.P) == (rb.Auc, rb.HeldOutAuc, rb.GroupedAuc, rb.P);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Provenance_says_what_the_direction_was_made_from()
    {
        var set = new ActivationSet(new float[] { 1, 0 }, [new("a", "x", true), new("b", "x", false)], [0], 1) { ModelHash = "m", Positions = "p", Contrast = "c" };
        var made = MeanDifference.Fit(set, "towards a", new FixedTime());
        made.Provenance.Missing.ShouldBeEmpty();
        (made.Provenance.ModelHash, made.Provenance.Sign, made.Provenance.Estimator, made.Provenance.Created).ShouldBe(("m", "towards a", "mean-difference", FixedTime.Now));
        made.Provenance.TrainingTraces.ShouldBe(["a", "b"]);
        made.Provenance.CapvecVersion.ShouldBe("0.1.0");
    }

    [Fact]
    public void Labels_without_a_contrast_are_refused()
    {
        Should.Throw<CapvecException>(() => MeanDifference.Fit(Noise.Make(1, 3, 0), 0)).Message.ShouldContain("3 positive and 0 negative traces");
        var same = new ActivationSet([1, 2, 1, 2], [new("a", "x", true), new("b", "x", false)], [0], 2);
        Should.Throw<CapvecException>(() => MeanDifference.Fit(same, 0)).Message.ShouldContain("are equal at layer 0");
    }

    private static float[,] Householder(Random random, int size)
    {
        var v = Enumerable.Range(0, size).Select(_ => Noise.Gauss(random)).ToArray();
        var squares = v.Sum(x => x * x);
        var map = new float[size, size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j < size; j++)
                map[i, j] = (float)((i == j ? 1 : 0) - (2 * v[i] * v[j] / squares));
        }

        return map;
    }

    private static float[] Apply(float[,] map, float[] x) =>
        [.. Enumerable.Range(0, x.Length).Select(i => (float)Enumerable.Range(0, x.Length).Sum(j => (double)map[i, j] * x[j]))];

    private sealed class FixedTime : TimeProvider
    {
        public static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
