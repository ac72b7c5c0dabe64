namespace Capvec.Engine.Tests.Goldens;

/// <summary>Limits for comparing with the references: about ten times the references' own float32 rounding; any mistake in the formulas gives 8e-2 or more.</summary>
internal static class Tolerances
{
    /// <summary>Relative L2 error of one position's residual row.</summary>
    public const double Residual = 2e-4;

    /// <summary>Relative L2 error of one position's logits.</summary>
    public const double Logits = 1e-4;

    /// <summary>Relative L2 error of a row where activations are rounded for integer products; about three times what is seen, an eighth of what any mistake in the formulas gives.</summary>
    public const double Rounded = 1e-2;

    /// <summary>Mean over rows of the relative L2 error where activations have 8 bits: up to 2.2e-2 is seen (one row 6.3e-2), 8e-2 or more is what any mistake in the formulas gives.</summary>
    public const double Bytes = 3e-2;

    /// <summary>Largest absolute error of a logit of the tiny models.</summary>
    public const double LogitsAbsolute = 1e-3;

    /// <summary>Absolute error of a log-probability.</summary>
    public const double LogProb = 5e-4;

    /// <summary>Absolute error of the summed log-probability of a reply of the phantom.</summary>
    public const double ReplyLogProb = 2e-2;
}
