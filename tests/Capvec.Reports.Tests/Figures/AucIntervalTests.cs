using Capvec.Reports.Figures;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Reports.Tests.Figures;

public sealed class AucIntervalTests
{
    private const double Z = 1.959963984540054;

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
