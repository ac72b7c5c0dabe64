using System.Globalization;
using Capvec.Experiments.Results;
using Capvec.Reports.Figures;

namespace Capvec.Reports.Tests.Figures;

public sealed class ShowTests
{
    [Theory]
    [InlineData(0.49, "49.0%")]
    [InlineData(0, "0%")]
    [InlineData(1, "100%")]
    [InlineData(0.0004, "<0.1%")]
    [InlineData(0.0005, "0.1%")]
    [InlineData(0.99951, ">99.9%")]
    [InlineData(0.0586, "5.9%")]
    [InlineData(double.NaN, "–")]
    public void Shares_are_percentages_with_one_decimal(double share, string expected) => Show.Percent(share).ShouldBe(expected);

    [Theory]
    [InlineData(0.2749, "+27.5")]
    [InlineData(-0.031, "−3.1")]
    [InlineData(0, "0.0")]
    [InlineData(-0.0001, "0.0")]
    [InlineData(0.0001, "0.0")]
    [InlineData(double.NaN, "–")]
    public void Differences_are_points_with_their_sign(double difference, string expected) => Show.Points(difference).ShouldBe(expected);

    [Theory]
    [InlineData(0.000999, "< 0.001")]
    [InlineData(0, "< 0.001")]
    [InlineData(0.001, "0.0010")]
    [InlineData(0.0213999, "0.0214")]
    [InlineData(0.2143, "0.214")]
    [InlineData(0.9996, "1.00")]
    [InlineData(1, "1.00")]
    [InlineData(double.NaN, "–")]
    public void P_values_have_three_significant_digits(double p, string expected) => Show.P(p).ShouldBe(expected);

    [Theory]
    [InlineData(11.675971984863281, "11.7")]
    [InlineData(122.6, "123")]
    [InlineData(12345, "12300")]
    [InlineData(0.93571, "0.936")]
    [InlineData(-0.0123456, "−0.0123")]
    [InlineData(0, "0")]
    [InlineData(1.5e-9, "1.50e−9")]
    [InlineData(3.59e-6, "3.59e−6")]
    [InlineData(0.000349, "0.000349")]
    [InlineData(999.6, "1000")]
    public void Sizes_have_three_significant_digits(double value, string expected) => Show.Significant(value).ShouldBe(expected);

    [Theory]
    [InlineData(new int[0], "–")]
    [InlineData(new[] { 3 }, "3")]
    [InlineData(new[] { 4, 5, 6, 7, 8, 9, 10 }, "4–10")]
    [InlineData(new[] { 3, 7, 8, 11, 12, 13 }, "3, 7, 8, 11–13")]
    public void Layers_are_ranges(int[] layers, string expected) => Show.Layers(layers).ShouldBe(expected);

    [Theory]
    [InlineData("short", 34, "short")]
    [InlineData("0123456789", 10, "0123456789")]
    [InlineData("0123456789X", 10, "01234…789X")]
    [InlineData("👩🏽‍💻👩🏽‍💻👩🏽‍💻👩🏽‍💻👩🏽‍💻", 4, "👩🏽‍💻👩🏽‍💻…👩🏽‍💻")]
    public void Long_names_are_shortened_in_their_middle(string name, int most, string expected) => Show.Short(name, most).ShouldBe(expected);

    [Fact]
    public void Intervals_and_counts_do_not_depend_on_the_machines_language()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            Show.Percent(new Interval(0.4583, 0.5214)).ShouldBe("45.8–52.1%");
            Show.Points(new Interval(-0.031, 0.042)).ShouldBe("−3.1 to +4.2");
            Show.Count(1440).ShouldBe("1,440");
            Show.Strength(-0.25).ShouldBe("−0.25");
            Show.Count(1, "trial").ShouldBe("1 trial");
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }
}
