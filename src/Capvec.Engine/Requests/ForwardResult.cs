namespace Capvec.Engine.Requests;

/// <summary>What a teacher-forced pass gave.</summary>
/// <param name="Logits">[rows, vocab] row-major for the asked positions, or empty.</param>
/// <param name="NextLogProbs">[tokens - 1]: entry t is ln p(token t+1 | tokens 0..t), or empty.</param>
/// <param name="Capture">The captured rows, or null.</param>
public sealed record ForwardResult(float[] Logits, float[] NextLogProbs, CaptureResult? Capture)
{
    /// <summary>The scored tokens, or null.</summary>
    public TokenScores? Scores { get; init; }
}
