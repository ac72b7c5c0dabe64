using Capvec.Engine.Sampling;

namespace Capvec.Experiments.Studies;

/// <summary>How the agent's replies are drawn, and how long a trial may get.</summary>
public sealed record SamplingChoice
{
    /// <summary>Temperature, top-k, top-p, min-p and repetition penalty; the seed is each trial's own.</summary>
    /// <value>Temperature 0.8 and nothing else.</value>
    public SamplingOptions Options { get; init; } = new() { Temperature = 0.8f };

    /// <summary>Most replies of a trial.</summary>
    public int MaxTurns { get; init; } = 6;

    /// <summary>Most tokens of a reply.</summary>
    public int MaxReplyTokens { get; init; } = 200;
}
