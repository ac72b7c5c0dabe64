using System.Collections.Immutable;

namespace Capvec.Engine.Requests;

/// <summary>What scoring a teacher-forced pass gave, one entry a target, in order of position. Natural logarithms.</summary>
/// <param name="Targets">Positions of the scored tokens.</param>
/// <param name="LogProbs">ln p of the token, given those before it.</param>
/// <param name="Entropies">Entropy of the distribution that it is drawn from, in nats.</param>
/// <param name="Divergences">KL(reference || this pass) of that distribution, in nats; NaN where the reference has no row. Empty without a reference.</param>
/// <param name="Kept">Distributions that were to be kept, or null.</param>
public sealed record TokenScores(ImmutableArray<int> Targets, float[] LogProbs, float[] Entropies, float[] Divergences, ReferenceRows? Kept);
