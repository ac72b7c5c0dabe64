using Capvec.Engine.Benchmarks;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Tests.Benchmarks;

public sealed class EngineTimerTests
{
    [Fact]
    public void The_median_is_the_middle_or_the_mean_of_the_two_middles()
    {
        EngineTimer.Median([3, 1, 2]).ShouldBe(2);
        EngineTimer.Median([4, 1, 3, 2]).ShouldBe(2.5);
        Should.Throw<CapvecException>(() => EngineTimer.Median([]));
    }

    [Fact]
    public void A_direction_has_length_1_and_follows_from_its_seed()
    {
        var direction = EngineTimer.Direction(64, 5);
        direction.Sum(x => x * x).ShouldBe(1, 1e-5f);
        direction.ShouldBe(EngineTimer.Direction(64, 5));
        direction.ShouldNotBe(EngineTimer.Direction(64, 6));
    }
}
