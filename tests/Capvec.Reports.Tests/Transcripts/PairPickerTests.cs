using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Reports.Figures;
using Capvec.Reports.Transcripts;

namespace Capvec.Reports.Tests.Transcripts;

public sealed class PairPickerTests
{
    private static TrialPair Pair(string task, int attempt, double? left, double? right)
    {
        TrialRow Row(string arm, double? reward) => new("test", arm, task, attempt, 1, reward, reward is null ? "lost" : null, 1, 1, new TrialMarks(), "t.json", DateTimeOffset.UnixEpoch, 1);
        return new(Row("base", left), Row("steered", right));
    }

    [Fact]
    public void Two_gains_and_a_loss_from_different_tasks_come_first()
    {
        TrialPair[] pairs = [Pair("a", 0, 0, 1), Pair("a", 1, 0, 1), Pair("a", 2, 1, 0), Pair("b", 0, 1, 1), Pair("b", 1, 0, 1), Pair("c", 0, 1, 0), Pair("d", 0, null, 1)];
        PairPicker.Pick(pairs).ShouldBe([pairs[0], pairs[4], pairs[5]]);
    }

    [Fact]
    public void Gains_fill_up_where_there_is_no_loss()
    {
        TrialPair[] pairs = [Pair("a", 0, 0, 1), Pair("b", 0, 0, 1), Pair("c", 0, 0, 1), Pair("d", 0, 0, 1)];
        PairPicker.Pick(pairs).ShouldBe(pairs[..3]);
    }

    [Fact]
    public void Losses_fill_up_where_there_are_few_gains()
    {
        TrialPair[] pairs = [Pair("a", 0, 1, 0), Pair("b", 0, 1, 0), Pair("c", 0, 0, 1), Pair("d", 0, 1, 0)];
        PairPicker.Pick(pairs).ShouldBe([pairs[2], pairs[0], pairs[1]]);
    }

    [Fact]
    public void Pairs_with_the_same_outcome_or_without_a_reward_are_never_shown() =>
        PairPicker.Pick([Pair("a", 0, 1, 1), Pair("b", 0, 0, 0), Pair("c", 0, null, 1), Pair("d", 0, 0, null)]).ShouldBeEmpty();
}
