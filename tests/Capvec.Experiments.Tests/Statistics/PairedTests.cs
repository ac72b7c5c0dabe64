using Capvec.Experiments.Randomness;
using Capvec.Experiments.Statistics;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Tests.Statistics;

public class PairedTests
{
    [Fact]
    public void The_paired_difference_has_Students_interval_over_tasks()
    {
        // Mean 0.3, sum of squares 0.2, SE = sqrt(0.2 / 12); t(0.975; 3) = 3.182446.
        var paired = PairedDifference.Of([0, .2, .4, .6]);
        paired.Mean.ShouldBe(.3, 1e-12);
        paired.StandardError.ShouldBe(Math.Sqrt(.2 / 12), 1e-12);
        paired.Interval.Lower.ShouldBe(.3 - (3.182446 * Math.Sqrt(.2 / 12)), 1e-6);
        paired.Interval.Upper.ShouldBe(.3 + (3.182446 * Math.Sqrt(.2 / 12)), 1e-6);
        PairedDifference.Of([.5]).Interval.ShouldBe(new Results.Interval(-1, 1));
        PairedDifference.Of([0, 0, 0]).Interval.ShouldBe(new Results.Interval(0, 0));
    }

    [Fact]
    public void Sign_flips_of_single_attempts_are_the_exact_McNemar_test()
    {
        for (var gained = 0; gained <= 7; gained++)
        {
            for (var lost = 0; lost <= 7; lost++)
            {
                var differences = Enumerable.Repeat(1.0, gained).Concat(Enumerable.Repeat(-1.0, lost)).Concat(Enumerable.Repeat(0.0, 5)).ToArray();
                SignFlip.TwoSided(differences, 1).ShouldBe(McNemar.Exact(gained, lost), 1e-12);
            }
        }
    }

    [Fact]
    public void Sign_flips_are_enumerated_and_ties_count()
    {
        // |sum| of the eight patterns: 0.6 twice, 0.4 twice, 0.2 twice, 0 twice; observed 0.4.
        SignFlip.TwoSided([.3, -.1, .2], 1).ShouldBe(.5, 1e-12);
        SignFlip.TwoSided([0, 0], 1).ShouldBe(1);
    }

    [Fact]
    public void Drawn_sign_flips_agree_with_the_enumeration_and_depend_on_the_seed_alone()
    {
        var random = new SplitMix64(5);
        var twenty = Enumerable.Range(0, 20).Select(_ => (random.Uniform() - .35) * .8).ToArray();
        var exact = SignFlip.TwoSided(twenty, 0);
        // A 21st difference far below the others' resolution forces the draws and hardly changes the answer.
        double[] more = [.. twenty, 1e-7];
        var drawn = SignFlip.TwoSided(more, 9);
        drawn.ShouldBe(exact, 5 * Math.Sqrt(exact * (1 - exact) / SignFlip.Draws));
        SignFlip.TwoSided(more, 9).ShouldBe(drawn);
        exact.ShouldBeInRange(1e-4, .5);
    }

    [Fact]
    public void The_bootstrap_over_tasks_lies_near_Students_interval()
    {
        var random = new SplitMix64(3);
        var tasks = Enumerable.Range(0, 60).Select(_ => random.Uniform() - .3).ToArray();
        var t = PairedDifference.Of(tasks).Interval;
        var b = ClusterBootstrap.Interval(tasks, 4);
        b.Lower.ShouldBe(t.Lower, .02);
        b.Upper.ShouldBe(t.Upper, .02);
        ClusterBootstrap.Interval(tasks, 4).ShouldBe(b);
        ClusterBootstrap.Interval([.1], 4).ShouldBe(new Results.Interval(-1, 1));
    }

    [Theory]
    [InlineData(6.7, 11.7, 523)]
    [InlineData(6.7, 16.7, 161)]
    [InlineData(20, 30, 293)]
    [InlineData(45, 50, 1565)]
    [InlineData(6.74, 7.87, 8323)]
    public void The_trials_needed_are_the_recomputed_ones(double p1, double p2, double n) =>
        Power.TrialsPerArm(p1 / 100, p2 / 100).ShouldBe(n, 1);

    [Fact]
    public void The_detectable_rise_is_the_inverse_of_the_trials_needed()
    {
        Power.DetectableRise(.2, 293, 293).ShouldBe(.1, 2e-4);
        Power.DetectableRise(.067, 161, 161).ShouldBe(.1, 2e-3);
        Power.DetectableRise(.5, 5, 5).ShouldBe(double.NaN);
        Power.DetectableRise(.9, 3, 3).ShouldBe(double.NaN);
        Power.DetectableRise(.5, 0, 10).ShouldBe(double.NaN);
    }

    [Fact]
    public void Seeds_are_fixed_for_good()
    {
        // From sha256 of "1\u001ftest\u001ffix-git\u001f0": a change would make every published study irreproducible.
        Seeds.Derive(1, "test", "fix-git", "0").ShouldBe(16018349858900556233UL);
        Seeds.Derive(1, "a", "b").ShouldNotBe(Seeds.Derive(1, "ab"));
        var random = new SplitMix64(1234567);
        random.Next().ShouldBe(6457827717110365317UL);
        random.Next().ShouldBe(3203168211198807973UL);
    }
}
