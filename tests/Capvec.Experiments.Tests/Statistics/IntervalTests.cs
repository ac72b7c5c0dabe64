using Capvec.Experiments.Statistics;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Statistics;

public class IntervalTests
{
    // Recomputed independently from the published counts; printed to four digits.
    public static TheoryData<int, int, double, double, double, double> Published => new()
    {
        { 3, 89, .0115, .0945, .0070, .0954 },
        { 4, 89, .0176, .1099, .0124, .1111 },
        { 6, 89, .0313, .1394, .0251, .1410 },
        { 7, 89, .0386, .1536, .0322, .1554 },
        { 1, 5, .0362, .6245, .0051, .7164 },
        { 0, 5, 0, .4345, 0, .5218 },
        { 1, 3, .0615, .7923, .0084, .9057 },
        { 0, 20, 0, .1611, 0, .1684 },
        { 0, 9, 0, .2991, 0, .3363 },
        { 1, 12, .0149, .3539, .0021, .3848 },
        { 2, 6, .0968, .7000, .0433, .7772 },
        { 5, 17, .1328, .5313, .1031, .5596 },
        { 4, 20, .0807, .4160, .0573, .4366 },
        { 10, 20, .2993, .7007, .2720, .7280 },
    };

    [Theory]
    [MemberData(nameof(Published))]
    public void Wilson_and_Clopper_Pearson_give_the_recomputed_figures(int k, int n, double wilsonLower, double wilsonUpper, double exactLower, double exactUpper)
    {
        const double HalfDigit = .5e-4 + 1e-12;
        var wilson = Wilson.Interval(k, n);
        wilson.Lower.ShouldBe(wilsonLower, HalfDigit);
        wilson.Upper.ShouldBe(wilsonUpper, HalfDigit);
        var exact = ClopperPearson.Interval(k, n);
        exact.Lower.ShouldBe(exactLower, HalfDigit);
        exact.Upper.ShouldBe(exactUpper, HalfDigit);
    }

    [Theory]
    [InlineData(470, 960, 45.8, 52.1)]
    [InlineData(160, 160, 97.7, 100)]
    [InlineData(20, 32, 45.2, 77.1)]
    [InlineData(230, 240, 92.5, 97.7)]
    [InlineData(5, 240, .9, 4.8)]
    [InlineData(63, 80, 68.6, 86.3)]
    [InlineData(0, 80, 0, 4.6)]
    public void Wilson_gives_the_intervals_of_the_phantom(int k, int n, double lower, double upper)
    {
        (100 * Wilson.Interval(k, n).Lower).ShouldBe(lower, .06);
        (100 * Wilson.Interval(k, n).Upper).ShouldBe(upper, .06);
    }

    [Fact]
    public void Without_a_trial_anything_is_possible()
    {
        Wilson.Interval(0, 0).ShouldBe(new Results.Interval(0, 1));
        ClopperPearson.Interval(0, 0).ShouldBe(new Results.Interval(0, 1));
        Newcombe.Interval(0, 0, 1, 2).ShouldBe(new Results.Interval(-1, 1));
    }

    [Fact]
    public void Newcombe_gives_its_authors_example()
    {
        // Newcombe 1998, table II: 56/70 against 48/80, method 10: 0.0524 to 0.3339.
        var interval = Newcombe.Interval(56, 70, 48, 80);
        interval.Lower.ShouldBe(.0524, .5e-4);
        interval.Upper.ShouldBe(.3339, .5e-4);
        var none = Newcombe.Interval(10, 10, 0, 20);
        none.Lower.ShouldBe(.6791, .5e-4);
        none.Upper.ShouldBe(1, 1e-12);
    }

    [Fact]
    public void An_interval_holds_its_share_and_mirrors_with_it()
    {
        var counts = from n in Gen.Choose(1, 300) from k in Gen.Choose(0, n) select (k, n);
        Prop.ForAll(counts.ToArbitrary(), pair =>
        {
            var (k, n) = pair;
            foreach (var (of, mirrored) in new[] { (Wilson.Interval(k, n), Wilson.Interval(n - k, n)), (ClopperPearson.Interval(k, n), ClopperPearson.Interval(n - k, n)) })
            {
                of.Lower.ShouldBeInRange(0, (double)k / n);
                of.Upper.ShouldBeInRange((double)k / n, 1);
                of.Lower.ShouldBe(1 - mirrored.Upper, 1e-9);
            }
        }).QuickCheckThrowOnFailure();
    }
}
