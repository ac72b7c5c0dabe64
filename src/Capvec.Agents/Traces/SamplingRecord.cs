namespace Capvec.Agents.Traces;

/// <summary>How a trial's tokens were chosen; each turn's seed stands with its step.</summary>
public sealed record SamplingRecord
{
    /// <summary>Divides the logits; 0 is greedy.</summary>
    public required float Temperature { get; init; }

    /// <summary>Number of likeliest tokens kept; 0 is all.</summary>
    public required int TopK { get; init; }

    /// <summary>Probability kept; 1 is all.</summary>
    public required float TopP { get; init; }

    /// <summary>Least share of the likeliest token's probability; 0 is none.</summary>
    public required float MinP { get; init; }

    /// <summary>Penalty of tokens already there; 1 is none.</summary>
    public required float RepetitionPenalty { get; init; }

    /// <summary>Most tokens of a reply.</summary>
    public required int MaxReplyTokens { get; init; }
}
