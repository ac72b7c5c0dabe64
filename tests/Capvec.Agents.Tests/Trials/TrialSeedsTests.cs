using Capvec.Agents.Trials;

namespace Capvec.Agents.Tests.Trials;

public sealed class TrialSeedsTests
{
    [Fact]
    public void Turns_take_the_outputs_of_SplitMix64_as_published() =>
        Enumerable.Range(0, 3).Select(turn => TrialSeeds.OfTurn(0, turn)).ShouldBe([0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]);

    [Theory]
    [InlineData(0UL, "", 0, 12984449153667689493UL)]
    [InlineData(42UL, "count-matches-1", 3, 15835027533937862716UL)]
    [InlineData(ulong.MaxValue, "ü", int.MaxValue, 10329594825007515023UL)]
    public void A_trial_s_seed_is_the_documented_hash(ulong study, string task, int attempt, ulong expected) =>
        TrialSeeds.OfTrial(study, task, attempt).ShouldBe(expected);
}
