using Capvec.Experiments.Statistics;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Statistics;

public class SpearmanTests
{
    [Fact]
    public void Without_ties_it_is_the_textbook_formula()
    {
        // d = 1, 1, 2, 0, 2: 1 - 6 x 10 / (5 x 24)
        Spearman.Correlation([1, 2, 3, 4, 5], [2, 1, 5, 4, 3]).ShouldBe(0.5, 1e-12);
        Spearman.Correlation([1, 2, 3], [10, 200, 3000]).ShouldBe(1, 1e-12);
        Spearman.Correlation([1, 2, 3], [-1, -2, -3]).ShouldBe(-1, 1e-12);
    }

    [Fact]
    public void Equal_values_share_their_mean_rank()
    {
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
        Spearman.Correlation([1, 2, 2, 3], [1, 2, 3, 4]).ShouldBe(4.5 / Math.Sqrt(4.5 * 5), 1e-12);
        Spearman.Correlation([1, 1, 1], [1, 2, 3]).ShouldBe(double.NaN);
        Should.Throw<ArgumentException>(() => Spearman.Correlation([1, 2], [1]));
    }

    [Fact]
    public void Only_the_order_counts() => Prop.ForAll(
        Gen.Choose(-50, 50).ListOf(12).Two().ToArbitrary(),
        pair =>
        {
            double[] x = [.. pair.Item1], y = [.. pair.Item2];
            var r = Spearman.Correlation(x, y);
            var turned = Spearman.Correlation([.. x.Select(v => Math.Exp(v / 10))], [.. y.Select(v => -v)]);
            return double.IsNaN(r) ? double.IsNaN(turned) : Math.Abs(r) <= 1 + 1e-12 && Math.Abs(turned + r) < 1e-9;
        }).QuickCheckThrowOnFailure();
}
