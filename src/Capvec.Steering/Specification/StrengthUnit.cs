namespace Capvec.Steering.Specification;

/// <summary>What one unit of a steering strength is.</summary>
public enum StrengthUnit
{
    /// <summary>One residual unit: the unit direction is multiplied by the strength. Called <c>residual</c>.</summary>
    Residual,

    /// <summary>The mean length of the training rows at the layer steered; the same share at every depth. Called <c>residual_norm</c>.</summary>
    ResidualNorm,

    /// <summary>The margin of the direction used: 1 moves a mean negative to a mean positive. Called <c>margin</c>.</summary>
    Margin,
}
