namespace Capvec.Peer.Comparison;

/// <summary>What llama.cpp's process did.</summary>
/// <param name="Seconds">Time of the work.</param>
/// <param name="Steps">For greedy: the tokens chosen, each with the likeliest candidates of its place.</param>
/// <param name="LogProbs">For score: ln p of each token but the first.</param>
/// <param name="Vocabulary">On the first line: tokens of the model's vocabulary.</param>
/// <param name="Error">What went wrong, or null.</param>
internal sealed record PeerAnswer(double Seconds = 0, GreedyStep[]? Steps = null, double[]? LogProbs = null, int Vocabulary = 0, string? Error = null);
