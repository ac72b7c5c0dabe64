namespace Capvec.Engine.Benchmarks;

/// <summary>One row of the engine's benchmark.</summary>
/// <param name="Work">"prefill" or "decode".</param>
/// <param name="Context">Tokens of the prompt; for decode the tokens before the first new one.</param>
/// <param name="Sequences">Sequences at once.</param>
/// <param name="Captured">Layers whose mean residual is captured.</param>
/// <param name="Steered">Whether each sequence has a steering vector of its own.</param>
/// <param name="TokensPerSecond">Median rate of all sequences together.</param>
/// <param name="WeightBytesPerSecond">Bytes of weights read a second by a decode step; 0 for prefill, where the weights are read once for many tokens.</param>
/// <param name="MacsPerSecond">Multiply-adds a second with weights (attention and delta rule are not counted).</param>
public sealed record EngineRate(
    string Work, int Context, int Sequences, int Captured, bool Steered, double TokensPerSecond, double WeightBytesPerSecond, double MacsPerSecond);
