using System.Text.Json.Serialization;

namespace Capvec.Agents.Traces;

/// <summary>What Capvec notes about a trial, under <c>extra.capvec</c> of its trace.</summary>
public sealed record TrialRecord
{
    /// <summary>The task's name.</summary>
    public required string Task { get; init; }

    /// <summary>Hash of the task's files.</summary>
    public required string TaskHash { get; init; }

    /// <summary>The arm's name.</summary>
    public required string Arm { get; init; }

    /// <summary>0-based attempt.</summary>
    public required int Attempt { get; init; }

    /// <summary>The trial's seed.</summary>
    public required ulong Seed { get; init; }

    /// <summary>0 to 1, or null where the infrastructure failed; null is never 0.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? Reward { get; init; }

    /// <summary>Why the reward is null, else null.</summary>
    public string? Failure { get; init; }

    /// <summary>Why the agent's part ended.</summary>
    public required StopReason StopReason { get; init; }

    /// <summary>How often each failure mark was met.</summary>
    public required TrialMarks Marks { get; init; }

    /// <summary>Number of replies.</summary>
    public required int Turns { get; init; }

    /// <summary>Most replies allowed.</summary>
    public required int MaxTurns { get; init; }

    /// <summary>The model.</summary>
    public required ModelReference Model { get; init; }

    /// <summary>The adapter, or null for the plain model.</summary>
    public ModelReference? Adapter { get; init; }

    /// <summary>The steering's fingerprint, "none" without steering.</summary>
    public required string Steering { get; init; }

    /// <summary>How tokens were chosen.</summary>
    public required SamplingRecord Sampling { get; init; }

    /// <summary>Kind of sandbox.</summary>
    public required string Sandbox { get; init; }

    /// <summary>How the sandbox was set up: what stands for the base image, the limits in force, what the Dockerfile's commands printed; its end where it is long.</summary>
    public string? SandboxLog { get; init; }

    /// <summary>Name of the terminal protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>When the trial began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>When it was finished, the verifier included.</summary>
    public required DateTimeOffset Finished { get; init; }

    /// <summary>What the verifier printed, its end where it is long; null where it printed nothing.</summary>
    public string? VerifierOutput { get; init; }

    /// <summary>The finished conversation's tokens; null without a reply, or where the source of the replies does not know them.</summary>
    public ConversationRecord? Conversation { get; init; }
}
