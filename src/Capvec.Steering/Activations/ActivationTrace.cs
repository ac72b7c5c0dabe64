using System.Collections.Immutable;

namespace Capvec.Steering.Activations;

/// <summary>What is known of one captured trace.</summary>
/// <param name="Id">The trace's id or path.</param>
/// <param name="Group">The task that it is of: traces of one group are not independent, so validation leaves them out together.</param>
/// <param name="IsPositive">Whether it is on the side that the direction shall point to.</param>
public sealed record ActivationTrace(string Id, string Group, bool IsPositive)
{
    /// <summary>The arm that wrote it: which model, adapter and steering; null when unknown.</summary>
    public string? Arm { get; init; }

    /// <summary>What can be counted in it, by name (turns, characters a reply): what the direction may have learned in place of the contrast.</summary>
    public ImmutableSortedDictionary<string, double> Measures { get; init; } = ImmutableSortedDictionary<string, double>.Empty;
}
