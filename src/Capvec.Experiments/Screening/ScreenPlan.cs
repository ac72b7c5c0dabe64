using Capvec.Experiments.Studies;

namespace Capvec.Experiments.Screening;

/// <summary>What a screen tries, and how it judges.</summary>
public sealed record ScreenPlan
{
    /// <summary>First tokens of a reply that count as its opening.</summary>
    public const int OpeningTokens = 8;

    /// <summary>Default of <see cref="KlBound"/>.</summary>
    public const double UsualKlBound = 0.1;

    /// <summary>0-based blocks; null for every one that has a direction.</summary>
    public IReadOnlyList<int>? Layers { get; init; }

    /// <summary>Strengths in units of <see cref="Unit"/>, other than 0.</summary>
    public required IReadOnlyList<double> Strengths { get; init; }

    /// <summary>What one unit of strength is.</summary>
    public StrengthScale Unit { get; init; } = StrengthScale.Difference;

    /// <summary>Most mean KL to the plain model, in nats a token of the agent, that a proposed point may have.</summary>
    public double KlBound { get; init; } = UsualKlBound;

    /// <summary>Mean KL, in nats a token, to which each layer's strength is calibrated; null leaves that out.</summary>
    public double? TargetKl { get; init; }

    /// <summary>Most memory for the plain model's distributions; where they do not fit, KL is taken at evenly spread tokens.</summary>
    public long ReferenceBytes { get; init; } = 256L << 20;

    /// <summary>Resamples of the intervals.</summary>
    public int Draws { get; init; } = 2000;

    /// <summary>Seed of the resamples.</summary>
    public ulong Seed { get; init; }
}
