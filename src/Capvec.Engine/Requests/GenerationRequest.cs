using System.Collections.Immutable;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Sampling;
using Capvec.Engine.Scheduling;

namespace Capvec.Engine.Requests;

/// <summary>A prompt to be continued. Requests of one batch may differ in everything.</summary>
public sealed record GenerationRequest
{
    /// <summary>[tokens] ids, at least one.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>[tokens] true where the model wrote the prompt's token itself in an earlier turn; null means none. Decides steering masks only.</summary>
    public IReadOnlyList<bool>? Own { get; init; }

    /// <summary>The adapter applied, or null for the plain model.</summary>
    public LoraAdapter? Adapter { get; init; }

    /// <summary>The steering applied; its gates are decided on the whole prompt.</summary>
    public SteeringPlan Steering { get; init; } = SteeringPlan.None;

    /// <summary>How tokens are chosen.</summary>
    public SamplingOptions Sampling { get; init; } = SamplingOptions.Greedy;

    /// <summary>At most so many new tokens, the stop token included.</summary>
    public int MaxTokens { get; init; } = 200;

    /// <summary>Token ids that end the reply.</summary>
    public ImmutableArray<int> StopTokens { get; init; } = [];

    /// <summary>
    /// Keeps the computed state between requests of one conversation, whatever the engine drops meanwhile: where the new prompt begins with all
    /// tokens the session has seen (same adapter and steering), only the rest is computed, with the same bits as from the start. Null starts from
    /// what the engine happens to have kept.
    /// </summary>
    public EngineSession? Session { get; init; }

    /// <summary>Called on the engine's thread for every new token that is not a stop token (id, log-probability at temperature 1); must be quick; false ends the reply.</summary>
    public Func<int, float, bool>? OnToken { get; init; }
}
