namespace Capvec.Engine.Requests;

/// <summary>Which tokens of a teacher-forced pass are scored. Rows of logits are reduced as they come, so that none is kept unless <see cref="KeepRows"/> asks for it.</summary>
public sealed record ScoreRequest
{
    /// <summary>[tokens] true where a token's own probability, and the distribution that it was drawn from, are wanted. The first token has none.</summary>
    public required IReadOnlyList<bool> Targets { get; init; }

    /// <summary>Distributions of another pass over the same tokens (usually the plain one), from which the divergence is taken; null for none.</summary>
    public ReferenceRows? Reference { get; init; }

    /// <summary>Distributions of this pass that are kept as a reference for others: at most so many, evenly spread over the targets.</summary>
    public int KeepRows { get; init; }
}
