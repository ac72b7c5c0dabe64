using System.Collections.Immutable;
using Capvec.Engine.Interventions;

namespace Capvec.Engine.Requests;

/// <summary>What a teacher-forced pass gave.</summary>
/// <param name="Logits">[rows, vocab] row-major for the asked positions, or empty.</param>
/// <param name="NextLogProbs">[tokens - 1]: entry t is ln p(token t+1 | tokens 0..t), or empty.</param>
/// <param name="Capture">The captured rows, or null.</param>
public sealed record ForwardResult(float[] Logits, float[] NextLogProbs, CaptureResult? Capture)
{
    /// <summary>What the gates of the steering found in the tokens before the last reply; empty where it has none.</summary>
    public ImmutableArray<GateDecision> Gates { get; init; } = [];

    /// <summary>The scored tokens, or null.</summary>
    public TokenScores? Scores { get; init; }
}
