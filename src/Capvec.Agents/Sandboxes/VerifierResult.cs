namespace Capvec.Agents.Sandboxes;

/// <summary>What a verifier said.</summary>
/// <param name="Reward">0 to 1 as written by the tests, or null where the infrastructure failed (no reward file, unreadable, time-out); null is never 0.</param>
/// <param name="Failure">Why the reward is null, else null.</param>
/// <param name="Output">What the tests printed.</param>
public sealed record VerifierResult(double? Reward, string? Failure, string Output);
