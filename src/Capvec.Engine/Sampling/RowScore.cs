namespace Capvec.Engine.Sampling;

/// <summary>What a row of logits says of one token.</summary>
/// <param name="LogProb">ln p of the token.</param>
/// <param name="Entropy">Entropy of the row's distribution, in nats.</param>
/// <param name="Normaliser">ln of the sum of the exponentials: a logit less this is a log-probability.</param>
internal readonly record struct RowScore(float LogProb, float Entropy, float Normaliser);
