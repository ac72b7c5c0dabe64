namespace Capvec.Experiments.Running;

/// <summary>What the selection chose.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Strength">In the study's unit; null where only the layer was chosen.</param>
/// <param name="Reason">How it was chosen, in a sentence with the figures.</param>
public sealed record Candidate(int Layer, double? Strength, string Reason);
