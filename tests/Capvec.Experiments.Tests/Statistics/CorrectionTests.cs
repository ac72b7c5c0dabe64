using Capvec.Experiments.Statistics;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Statistics;

public class CorrectionTests
{
    [Fact]
    public void Holm_multiplies_the_smallest_by_all_and_never_decreases()
    {
        var adjusted = Holm.Adjust([.01, .04, .03, .005]);
        adjusted[3].ShouldBe(.02, 1e-12);
        adjusted[0].ShouldBe(.03, 1e-12);
        adjusted[2].ShouldBe(.06, 1e-12);
        adjusted[1].ShouldBe(.06, 1e-12);
        Holm.Adjust([]).ShouldBeEmpty();
        Holm.Adjust([.7, .8]).ShouldBe([1.0, 1.0]);
    }

    [Fact]
    public void Benjamini_and_Hochberg_step_up()
    {
        var adjusted = BenjaminiHochberg.Adjust([.01, .04, .03, .005]);
        adjusted[3].ShouldBe(.02, 1e-12);
        adjusted[0].ShouldBe(.02, 1e-12);
        adjusted[2].ShouldBe(.04, 1e-12);
        adjusted[1].ShouldBe(.04, 1e-12);
    }

    [Fact]
    public void A_correction_keeps_the_order_and_lies_between_the_p_and_its_Bonferroni_value() =>
        Prop.ForAll(Gen.Choose(0, 1000).Select(x => x / 1000.0).ListOf().Select(l => l.ToArray()).ToArbitrary(), p =>
        {
            double[] holm = Holm.Adjust(p), bh = BenjaminiHochberg.Adjust(p);
            for (var i = 0; i < p.Length; i++)
            {
                bh[i].ShouldBeInRange(p[i] - 1e-12, holm[i] + 1e-12);
                holm[i].ShouldBeInRange(p[i], Math.Min(1, p.Length * p[i]) + 1e-12);
                for (var j = 0; j < p.Length; j++)
                {
                    if (p[i] < p[j])
                        holm[i].ShouldBeLessThanOrEqualTo(holm[j]);
                }
            }
        }).QuickCheckThrowOnFailure();
}
