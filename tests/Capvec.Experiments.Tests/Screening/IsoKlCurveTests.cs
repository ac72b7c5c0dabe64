using Capvec.Experiments.Screening;
using FsCheck;
using FsCheck.Fluent;

namespace Capvec.Experiments.Tests.Screening;

public class IsoKlCurveTests
{
    private static readonly double[] Grid = [0.5, 1, 2, 4, 8];

    [Fact]
    public void On_a_square_law_the_first_guess_is_the_answer_between_points_and_below_them()
    {
        foreach (var target in new[] { 0.0004, 0.0016, 0.3, 1.1 })
        {
            var curve = new IsoKlCurve(target, Grid.Select(s => Screens.Point(3, s, kl: 0.02 * s * s)));
            curve.Guess!.Value.ShouldBe(Math.Sqrt(target / 0.02), 1e-9);
        }
    }

    [Fact]
    public void Any_smooth_rising_curve_is_reached_within_the_rounds() => Prop.ForAll(
        Gen.Choose(5, 40).Two().ToArbitrary(),
        pair =>
        {
            // Anything from a square root to a fourth power, and flattening out at the end as KL does.
            var (power, target) = (pair.Item1 / 10.0, pair.Item2 / 20.0);
            double Kl(double s) => 3 * (1 - Math.Exp(-Math.Pow(s / 3, power)));
            var curve = new IsoKlCurve(target, Grid.Select(s => Screens.Point(3, s, kl: Kl(s))));
            for (var round = 0; round < IsoKlCurve.Rounds && curve.Guess is { } guess; round++)
                curve.Add(Screens.Point(3, guess, kl: Kl(guess)));
            return target > Kl(8) ? curve.Reached is null : Math.Abs((curve.Reached!.Kl / target) - 1) <= IsoKlCurve.Tolerance + 1e-9;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_target_beyond_the_largest_strength_is_not_guessed_at()
    {
        var curve = new IsoKlCurve(5, Grid.Select(s => Screens.Point(3, s, kl: 0.02 * s * s)));
        curve.Guess.ShouldBeNull();
        curve.Reached.ShouldBeNull();
        new IsoKlCurve(5, []).Guess.ShouldBeNull();
    }
}
