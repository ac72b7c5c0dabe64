using Capvec.Agents.Tasks;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Sampling;

namespace Capvec.Agents.Trials;

/// <summary>One attempt of one arm at one task.</summary>
public sealed record TrialRequest
{
    /// <summary>The task.</summary>
    public required HarborTask Task { get; init; }

    /// <summary>The arm's name, for the trace.</summary>
    public required string Arm { get; init; }

    /// <summary>0-based attempt.</summary>
    public required int Attempt { get; init; }

    /// <summary>Seed of the trial; turn t of it draws with a seed derived from this and t. Arms that are paired share it.</summary>
    public required ulong Seed { get; init; }

    /// <summary>The adapter, or null.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The steering.</summary>
    public SteeringPlan Steering { get; init; } = SteeringPlan.None;

    /// <summary>How tokens are chosen (its seed is replaced by the trial's).</summary>
    public SamplingOptions Sampling { get; init; } = new() { Temperature = 0.8f };

    /// <summary>Most replies of the agent.</summary>
    public int MaxTurns { get; init; } = 6;

    /// <summary>Most tokens of a reply.</summary>
    public int MaxReplyTokens { get; init; } = 200;
}
