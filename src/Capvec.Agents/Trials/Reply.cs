using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Agents.Trials;

/// <summary>One reply of a model.</summary>
public sealed record Reply
{
    /// <summary>Its text, without special tokens.</summary>
    public required string Text { get; init; }

    /// <summary>Whether the limit of tokens cut it off.</summary>
    public bool LengthCut { get; init; }

    /// <summary>The prompt's tokens, those that were known already included.</summary>
    public int PromptTokens { get; init; }

    /// <summary>The reply's tokens, the stop token included.</summary>
    public int CompletionTokens { get; init; }

    /// <summary>How many of the prompt's tokens did not have to be computed again.</summary>
    public int CachedTokens { get; init; }

    /// <summary>[tokens] the prompt's ids; empty where the source does not know them.</summary>
    public ImmutableArray<int> PromptIds { get; init; } = [];

    /// <summary>[tokens] the reply's ids, the stop token included; empty where the source does not know them.</summary>
    public ImmutableArray<int> TokenIds { get; init; } = [];

    /// <summary>[tokens] ln p of each of <see cref="TokenIds"/>; empty where the source does not know them.</summary>
    public ImmutableArray<float> LogProbs { get; init; } = [];

    /// <summary>What the gates of the steering decided for it; empty where it has none.</summary>
    public ImmutableArray<GateDecision> Gates { get; init; } = [];
}
