using Capvec.Reports.Figures;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Reports.Tests.Figures;

public sealed class IntervalTests
{
    private const double Z = 1.959963984540054;

    // The published counts of the experiment under study, with the intervals recomputed elsewhere.
    [Theory]
    [InlineData(3, 89, .0115, .0945)]
    [InlineData(7, 89, .0386, .1536)]
    [InlineData(1, 5, .0362, .6245)]
    [InlineData(0, 5, 0, .4345)]
    [InlineData(0, 20, 0, .1611)]
    [InlineData(1, 12, .0149, .3539)]
    [InlineData(10, 20, .2993, .7007)]
    [InlineData(470, 960, .458, .521)]
    public void Wilson_equals_known_intervals(int k, int n, double low, double high)
    {
        var interval = MarkShare.Wilson(k, n);
        interval.Lower.ShouldBe(low, low is .458 ? 5e-4 : 5e-5);
        interval.Upper.ShouldBe(high, high is .521 ? 5e-4 : 5e-5);
    }

    [Fact]
    public void The_interval_of_an_AUC_ends_where_its_equation_says() => Check.QuickThrowOnFailure(Prop.ForAll(
        (from m in Gen.Choose(2, 300) from n in Gen.Choose(2, 300) from a in Gen.Choose(0, 1000) select (m, n, auc: a / 1000.0)).ToArbitrary(), x =>
        {
            var interval = AucInterval.Of(x.auc, x.m, x.n);
            bool Solves(double theta) => Math.Abs(Math.Abs(x.auc - theta) - (Z * Math.Sqrt(Variance(theta, x.m, x.n)))) < 1e-6;
            return interval.Lower >= 0 && interval.Upper <= 1 && interval.Lower <= x.auc && interval.Upper >= x.auc
                && (x.auc == 0 || Solves(interval.Lower)) && (x.auc == 1 || Solves(interval.Upper));
        }));

    [Fact]
    public void An_AUC_of_one_on_few_traces_keeps_a_wide_interval()
    {
        var interval = AucInterval.Of(1, 5, 12);
        interval.Upper.ShouldBe(1);
        interval.Lower.ShouldBeInRange(0.6, 0.85);
        AucInterval.Of(1, 200, 300).Lower.ShouldBeGreaterThan(0.98);
    }

    [Fact]
    public void Without_traces_there_is_no_interval() => double.IsNaN(AucInterval.Of(0.7, 0, 4).Lower).ShouldBeTrue();

    private static double Variance(double t, double m, double n) => t * (1 - t) / (m * n) * (1 + ((((m + n) / 2) - 1) * (((1 - t) / (2 - t)) + (t / (1 + t)))));
}
