namespace Capvec.Engine.Sampling;

/// <summary>A chosen token.</summary>
/// <param name="Id">Its id.</param>
/// <param name="LogProb">ln p under the unmodified logits.</param>
internal readonly record struct SampledToken(int Id, float LogProb);
