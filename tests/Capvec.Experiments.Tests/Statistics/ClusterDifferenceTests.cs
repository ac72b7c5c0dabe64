using Capvec.Experiments.Randomness;
using Capvec.Experiments.Statistics;
using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Tests.Statistics;

public class ClusterDifferenceTests
{
    [Fact]
    public void Values_that_do_not_scatter_give_a_point()
    {
        var values = Enumerable.Range(0, 20).Select(i => ($"t{i % 5}", i % 2 == 0, i % 2 == 0 ? 3.0 : 1.0)).ToList();
        var interval = ClusterBootstrap.Interval(values, s => s.Difference, 1);
        (interval.Lower, interval.Upper).ShouldBe((2, 2));
    }

    [Fact]
    public void One_task_alone_is_drawn_by_its_values()
    {
        var values = Enumerable.Range(0, 40).Select(i => ("t", i % 2 == 0, (double)i)).ToList();
        var interval = ClusterBootstrap.Interval(values, s => s.Difference, 1);
        interval.Lower.ShouldBeLessThan(-1);
        interval.Upper.ShouldBeGreaterThan(-1);
    }

    [Fact]
    public void A_share_of_weight_is_compared_with_the_share_of_values()
    {
        SideSums.Of([(true, 3), (true, 3), (false, 2), (false, 1)]).ShareChange.ShouldBe((6.0 / 9) - 0.5, 1e-12);
        SideSums.Of([(true, 1), (false, 1), (false, 1)]).ShareChange.ShouldBe(0, 1e-12);
        SideSums.Of([(true, 3), (false, 1), (false, 2)]).Difference.ShouldBe(1.5, 1e-12);
    }

    // 200 intervals at 95% hold the truth 190 times on average; a percentile bootstrap of 30 clusters a little less often. 4 standard deviations below 0.93: 172.
    [Fact]
    public void The_interval_holds_the_true_difference_about_as_often_as_it_says()
    {
        var held = 0;
        for (var run = 0; run < 200; run++)
        {
            var random = new SplitMix64(Seeds.Derive(11, $"{run}"));
            var values = new List<(string, bool, double)>();
            for (var task = 0; task < 30; task++)
            {
                // What a task adds to both sides alike widens nothing: the sides are compared within it.
                var shift = 5 * random.Uniform();
                for (var i = 0; i < 4; i++)
                    values.Add(($"t{task}", i % 2 == 0, shift + random.Uniform() + (i % 2 == 0 ? 0.5 : 0)));
            }

            var interval = ClusterBootstrap.Interval(values, s => s.Difference, (ulong)run, draws: 400);
            (interval.Upper - interval.Lower).ShouldBeLessThan(0.5);
            held += interval.Lower <= 0.5 && 0.5 <= interval.Upper ? 1 : 0;
        }

        held.ShouldBeGreaterThan(172);
    }
}
