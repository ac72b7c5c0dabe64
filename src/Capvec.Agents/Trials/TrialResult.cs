using Capvec.Agents.Traces;

namespace Capvec.Agents.Trials;

/// <summary>A finished trial.</summary>
/// <param name="Reward">0 to 1, or null where the infrastructure failed; null is never 0.</param>
/// <param name="Failure">Why the reward is null, else null.</param>
/// <param name="Marks">How often each failure mark was met.</param>
/// <param name="Trace">The whole record.</param>
public sealed record TrialResult(double? Reward, string? Failure, TrialMarks Marks, Trajectory Trace);
