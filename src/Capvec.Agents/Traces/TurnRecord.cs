namespace Capvec.Agents.Traces;

/// <summary>What Capvec notes about one reply, under <c>extra.capvec</c> of its step.</summary>
public sealed record TurnRecord
{
    /// <summary>The seed it was drawn with.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The failure marks it met, by the names they have in the trial's marks.</summary>
    public required IReadOnlyList<string> Marks { get; init; }

    /// <summary>Why it could not be used, or null.</summary>
    public string? ParseError { get; init; }

    /// <summary>What the gates of the steering decided, or null where it has none.</summary>
    public IReadOnlyList<GateRecord>? Gates { get; init; }

    /// <summary>Why log-probabilities are missing, or null.</summary>
    public string? NoLogprobs { get; init; }
}
