using Capvec.Formats.Errors;
using Capvec.Steering.Validation;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Steering.Tests.Validation;

public sealed class AucTests
{
    [Theory]
    [InlineData(new double[] { 1, 2, 3, 4 }, new[] { false, false, true, true }, 1)]
    [InlineData(new double[] { 1, 2, 3, 4 }, new[] { true, true, false, false }, 0)]
    [InlineData(new double[] { 5, 5, 5 }, new[] { true, false, false }, 0.5)]
    [InlineData(new double[] { 1, 2, 2, 3 }, new[] { false, true, false, true }, 0.875)]
    [InlineData(new[] { double.NegativeInfinity, 0, double.PositiveInfinity }, new[] { false, true, true }, 1)]
    public void Known_scores_have_known_figures(double[] scores, bool[] labels, double expected) => Auc.Of(scores, labels).ShouldBe(expected);

    [Fact]
    public void It_is_the_share_of_pairs_in_order_with_ties_half() => Prop.ForAll(ArbMap.Default.ArbFor<NonEmptyArray<(sbyte Score, bool Label)>>(), rows =>
    {
        var scores = rows.Get.Select(r => (double)(r.Score % 7)).Append(0).Append(1).ToArray(); // small numbers: many ties
        var labels = rows.Get.Select(r => r.Label).Append(true).Append(false).ToArray();
        double wins = 0, pairs = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            for (var j = 0; j < scores.Length; j++)
            {
                if (!labels[i] || labels[j])
                    continue;
                pairs++;
                wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        }

        var auc = Auc.Of(scores, labels);
        return auc == wins / pairs
            && Math.Abs(Auc.Of([.. scores.Select(s => -s)], labels) + auc - 1) < 1e-12
            && Auc.Of([.. scores.Select(s => (s * s * s) + 4)], labels) == auc
            && Math.Abs(Auc.Of(scores, [.. labels.Select(l => !l)]) + auc - 1) < 1e-12;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void One_class_alone_or_no_number_is_refused()
    {
        Should.Throw<CapvecException>(() => Auc.Of([1, 2], [true, true])).Message.ShouldContain("there are 2 and 0");
        Should.Throw<CapvecException>(() => Auc.Of([1, double.NaN], [true, false])).Message.ShouldContain("NaN");
    }
}
