using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Engine.Requests;

/// <summary>A finished reply.</summary>
/// <param name="Tokens">The new tokens, without the stop token.</param>
/// <param name="LogProbs">ln p of each new token under the unmodified logits (temperature 1, no filters, after steering); one entry more than <paramref name="Tokens"/> when a stop token ended the reply.</param>
/// <param name="Finish">Why it ended.</param>
/// <param name="StopToken">The stop token, or -1.</param>
/// <param name="PromptTokens">Length of the prompt.</param>
/// <param name="CachedTokens">How many prompt tokens were not computed: their state came from the session or from another request.</param>
public sealed record GenerationResult(int[] Tokens, float[] LogProbs, FinishReason Finish, int StopToken, int PromptTokens, int CachedTokens)
{
    /// <summary>What the gates of the steering found in the prompt; empty where it has none.</summary>
    public ImmutableArray<GateDecision> Gates { get; init; } = [];
}
