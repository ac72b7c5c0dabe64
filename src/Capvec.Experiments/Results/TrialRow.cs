using Capvec.Agents.Traces;

namespace Capvec.Experiments.Results;

/// <summary>One finished trial as kept in the store.</summary>
/// <param name="Stage">"collect", "selection" or "test".</param>
/// <param name="Arm">Name of the arm.</param>
/// <param name="Task">Name of the task.</param>
/// <param name="Attempt">0-based attempt.</param>
/// <param name="Seed">The trial's seed.</param>
/// <param name="Reward">0 to 1, or null.</param>
/// <param name="Failure">Why the reward is null.</param>
/// <param name="Turns">Replies of the agent.</param>
/// <param name="Tokens">Tokens the agent wrote.</param>
/// <param name="Marks">Failure marks.</param>
/// <param name="TracePath">Path of the ATIF file, relative to the study's output folder.</param>
/// <param name="Started">When it started.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record TrialRow(string Stage, string Arm, string Task, int Attempt, ulong Seed, double? Reward, string? Failure, int Turns, int Tokens,
    TrialMarks Marks, string TracePath, DateTimeOffset Started, double Seconds)
{
    /// <summary>16 hexadecimal digits of a SHA-256 over the agent's token ids, reply by reply: two trials with the same said the same. Empty where the ids are not known.</summary>
    public string TokensHash { get; init; } = "";

    /// <summary>Whether it counts as passed: a reward of at least 0.5. A trial without a reward neither passed nor failed.</summary>
    public bool Passed => Reward >= 0.5;
}
