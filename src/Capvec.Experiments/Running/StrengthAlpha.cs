using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Experiments.Running;

/// <summary>Turns strengths into alphas.</summary>
internal static class StrengthAlpha
{
    /// <summary>Alpha of a strength, in residual units of the unit direction.</summary>
    /// <exception cref="CapvecException">The direction does not say how long its unit is.</exception>
    public static float Of(Direction direction, double strength, StrengthScale unit)
    {
        var length = unit switch
        {
            StrengthScale.Difference => direction.Margin,
            StrengthScale.Norm => direction.ResidualNorm,
            _ => 1,
        };
        return length is { } one
            ? (float)(strength * one)
            : throw new CapvecException($"the direction at layer {direction.Layer} does not say how long the difference or the residual is, so strengths in that unit have no meaning; set strength_unit: residual (with a command, --unit residual).");
    }
}
