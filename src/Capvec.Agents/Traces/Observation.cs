namespace Capvec.Agents.Traces;

/// <summary>ATIF's Observation: what the agent saw after a step.</summary>
public sealed record Observation
{
    /// <summary>The results, in order.</summary>
    public required IReadOnlyList<ObservationResult> Results { get; init; }
}
