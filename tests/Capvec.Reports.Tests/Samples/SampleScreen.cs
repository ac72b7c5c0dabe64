using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;

namespace Capvec.Reports.Tests.Samples;

/// <summary>A made-up screen of two points, and its agreement with the trials.</summary>
internal static class SampleScreen
{
    public static ScreenAgreement Agreement { get; } = new("selection", 0.61, new Interval(0.3, 0.8), 18, [new("L3 ×4", 1, 0.25, 0.034, 40, 54), new("L7 ×4", 2, -0.49, 0.152, 30, 54)], new RankCorrelation(0.7, new Interval(0.4, 0.9), 2));

    public static ScreenResult Make() => new()
    {
        ModelHash = "m", DirectionsHash = "d", Unit = "difference", KlBound = 0.1, TargetKl = 0.05, Solved = 50, Failed = 40, Tasks = 9, Tokens = 14000, KlTokens = 14000, HeldOut = "each trace is read under <b>others'</b> direction",
        Points = [Point(3, 4, 0.25, 0.034, true), Point(7, 4, -0.49, 0.152, false)],
        IsoKl = [Point(3, 4.8, 0.27, 0.05, true)],
    };

    private static ScreenPoint Point(int layer, double strength, double effect, double kl, bool inWindow) => new()
    {
        Layer = layer,
        Strength = strength,
        Alpha = 10 * strength,
        Effect = effect,
        EffectInterval = new Interval(effect - 0.1, effect + 0.1),
        EffectiveTraces = 31,
        Solved = 0.01,
        Failed = -0.05,
        DifferenceInterval = new Interval(0.02, 0.1),
        Kl = kl,
        EntropyChange = 0.01,
        NormGrowth = 0.04,
        Openings = new() { ["parse_fail"] = new OpeningChange(-0.4, 7) },
        InWindow = inWindow,
    };
}
