using System.Collections.Immutable;

namespace Capvec.Agents.Protocols;

/// <summary>What a reply asks for, or why it cannot be used.</summary>
/// <param name="Commands">What is to be typed, in order; empty where the reply cannot be used.</param>
/// <param name="Complete">Whether it marks the task complete.</param>
/// <param name="Error">Why it cannot be used, in the words that the agent is told; else null.</param>
public sealed record ParsedReply(ImmutableArray<ParsedCommand> Commands, bool Complete, string? Error)
{
    /// <summary>A reply that cannot be used.</summary>
    public static ParsedReply Unusable(string error) => new([], false, error);
}
