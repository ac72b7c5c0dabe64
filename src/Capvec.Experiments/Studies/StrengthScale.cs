namespace Capvec.Experiments.Studies;

/// <summary>What one unit of strength is, as the length added along the unit direction.</summary>
public enum StrengthScale
{
    /// <summary>One residual unit. Called <c>residual</c>.</summary>
    Residual,

    /// <summary>The length of the mean difference at the layer: 1 moves a mean negative to a mean positive. Called <c>difference</c>.</summary>
    Difference,

    /// <summary>The mean length of the captured rows at the layer. Called <c>norm</c>.</summary>
    Norm,
}
