using System.Numerics;
using Capvec.Experiments.Statistics;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Statistics;

public class ExactTestTests
{
    private const double HalfDigit = .5e-4 + 1e-12;

    [Theory]
    [InlineData(1, 3, 0, 11, .2143, .2143)]
    [InlineData(7, 89, 3, 89, .1648, .3295)]
    [InlineData(7, 89, 6, 89, .5000, 1.0000)]
    [InlineData(4, 89, 6, 89, .8352, .7467)]
    [InlineData(8, 20, 4, 20, .1504, .3008)]
    [InlineData(9, 20, 4, 20, .0880, .1760)]
    [InlineData(10, 20, 4, 20, .0479, .0958)]
    [InlineData(5, 17, 0, 17, .0222, .0445)]
    public void Fisher_gives_the_recomputed_figures_of_the_published_runs(int k1, int n1, int k2, int n2, double greater, double twoSided)
    {
        var fisher = FisherExact.Test(k1, n1, k2, n2);
        fisher.Greater.ShouldBe(greater, HalfDigit);
        fisher.TwoSided.ShouldBe(twoSided, HalfDigit);
    }

    [Theory]
    [InlineData(1, 5, 1, 5, 1.0)]
    [InlineData(2, 6, 2, 6, 1.0)]
    [InlineData(1, 6, 2, 6, 1.0)]
    [InlineData(1, 12, 3, 17, .6221)]
    [InlineData(1, 12, 4, 18, .6221)]
    [InlineData(69, 202, 75, 202, .6036)]
    [InlineData(135, 300, 120, 300, .2476)]
    [InlineData(553, 1200, 568, 1200, .5668)]
    public void Fisher_two_sided_gives_the_recomputed_figures(int k1, int n1, int k2, int n2, double twoSided) =>
        FisherExact.Test(k1, n1, k2, n2).TwoSided.ShouldBe(twoSided, HalfDigit);

    [Fact]
    public void Fisher_tells_both_tails()
    {
        FisherExact.Test(4, 89, 6, 89).Less.ShouldBe(.3734, HalfDigit);
        FisherExact.Test(1, 12, 1, 20).Greater.ShouldBe(.6169, HalfDigit);
        FisherExact.Test(11, 89, 3, 89).TwoSided.ShouldBeLessThan(.05);
        FisherExact.Test(10, 89, 3, 89).TwoSided.ShouldBeGreaterThan(.05);
        FisherExact.Test(16, 89, 6, 89).TwoSided.ShouldBeLessThan(.05);
        FisherExact.Test(15, 89, 6, 89).TwoSided.ShouldBeGreaterThan(.05);
    }

    [Fact]
    public void Fisher_equals_a_sum_of_exact_fractions()
    {
        var tables = from n1 in Gen.Choose(0, 40) from n2 in Gen.Choose(0, 40) from k1 in Gen.Choose(0, n1) from k2 in Gen.Choose(0, n2) select (k1, n1, k2, n2);
        Prop.ForAll(tables.ToArbitrary(), t =>
        {
            var (k1, n1, k2, n2) = t;
            BigInteger Ways(int k) => Choose(n1, k) * Choose(n2, k1 + k2 - k);
            BigInteger all = Choose(n1 + n2, k1 + k2), greater = 0, less = 0, two = 0;
            for (var k = Math.Max(0, k1 + k2 - n2); k <= Math.Min(n1, k1 + k2); k++)
            {
                greater += k >= k1 ? Ways(k) : 0;
                less += k <= k1 ? Ways(k) : 0;
                two += Ways(k) <= Ways(k1) ? Ways(k) : 0;
            }

            var fisher = FisherExact.Test(k1, n1, k2, n2);
            fisher.Greater.ShouldBe((double)greater / (double)all, 1e-10);
            fisher.Less.ShouldBe((double)less / (double)all, 1e-10);
            fisher.TwoSided.ShouldBe((double)two / (double)all, 1e-10);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(6, 2, .2891, .1797)]
    [InlineData(1, 3, .6250, .3750)]
    [InlineData(5, 1, .2188, .1250)]
    [InlineData(0, 0, 1, 1)]
    [InlineData(4, 4, 1, .8633)]
    public void McNemar_gives_the_recomputed_figures(int gained, int lost, double exact, double mid)
    {
        McNemar.Exact(gained, lost).ShouldBe(exact, HalfDigit);
        McNemar.MidP(gained, lost).ShouldBe(mid, HalfDigit);
    }

    [Fact]
    public void The_evidence_of_discordant_pairs_gives_the_recomputed_figure_and_is_fair()
    {
        DiscordantEvidence.EValue(6, 2).ShouldBe(1.0159, HalfDigit);
        DiscordantEvidence.EValue(0, 0).ShouldBe(1, 1e-12);
        // Under the null the expectation over the next pair is the present value.
        for (var w = 0; w < 12; w++)
        {
            for (var l = 0; l < 12; l++)
                ((DiscordantEvidence.EValue(w + 1, l) + DiscordantEvidence.EValue(w, l + 1)) / 2).ShouldBe(DiscordantEvidence.EValue(w, l), 1e-9 * DiscordantEvidence.EValue(w, l));
        }
    }

    private static BigInteger Choose(int n, int k)
    {
        if (k < 0 || k > n)
            return 0;
        BigInteger ways = 1;
        for (var i = 0; i < k; i++)
            ways = ways * (n - i) / (i + 1);
        return ways;
    }
}
