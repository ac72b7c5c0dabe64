using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;

namespace Capvec.Experiments.Tests.Screening;

/// <summary>Made-up points and screens.</summary>
internal static class Screens
{
    public static ScreenPoint Point(int layer, double strength, double effect = 0, double kl = 0.1, bool inWindow = false) => new()
    {
        Layer = layer,
        Strength = strength,
        Alpha = 10 * strength,
        Solved = effect / 2,
        Failed = -effect / 2,
        Effect = effect,
        EffectInterval = new Interval(effect - 0.01, effect + 0.01),
        EffectiveTraces = 8,
        DifferenceInterval = new Interval(effect - 0.1, effect + 0.1),
        Kl = kl,
        EntropyChange = 0,
        NormGrowth = 0.1,
        Openings = new() { ["refusal"] = new OpeningChange(-1.5, 3) },
        InWindow = inWindow,
    };

    public static ScreenResult Of(params IReadOnlyList<ScreenPoint> points) => new()
    {
        ModelHash = "m",
        DirectionsHash = "d",
        Unit = "difference",
        KlBound = 0.25,
        Solved = 5,
        Failed = 4,
        Tasks = 3,
        Tokens = 900,
        KlTokens = 900,
        HeldOut = "made up",
        Points = points,
    };
}
