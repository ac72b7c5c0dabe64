namespace Capvec.Experiments.Screening;

/// <summary>What steering changed in one trace.</summary>
/// <param name="LogProb">Change of the mean log-probability of the agent's tokens, in nats a token.</param>
/// <param name="Kl">Mean KL(plain || steered), in nats a token.</param>
/// <param name="Entropy">Mean change of the entropy, in nats.</param>
/// <param name="Growth">Mean length of the layer's rows, steered against plain, less 1.</param>
/// <param name="Openings">Change of the log-probability of each reply's first tokens together, in nats.</param>
internal sealed record TraceChange(double LogProb, double Kl, double Entropy, double Growth, IReadOnlyList<double> Openings);
