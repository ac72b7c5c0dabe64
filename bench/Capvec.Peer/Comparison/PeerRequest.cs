namespace Capvec.Peer.Comparison;

/// <summary>A piece of work for llama.cpp's process.</summary>
/// <param name="Kind">prefill, decode, arms, greedy or score.</param>
/// <param name="Seed">Chooses the prompts.</param>
/// <param name="Prompt">Tokens of each prompt.</param>
/// <param name="Tokens">Tokens to write.</param>
/// <param name="Sequences">Sequences at once.</param>
/// <param name="Layer">The steered block, for arms.</param>
/// <param name="Alphas">The arms' strengths.</param>
/// <param name="Ids">The prompt itself, for greedy; the whole text, for score.</param>
/// <param name="Vectors">A GGUF control vector for greedy, in place of <paramref name="Layer"/>; <paramref name="Alphas"/> has its strength.</param>
/// <param name="Adapter">A LoRA adapter as a GGUF file, for greedy.</param>
internal sealed record PeerRequest(
    string Kind, int Seed = 0, int Prompt = 0, int Tokens = 0, int Sequences = 1, int Layer = 0, float[]? Alphas = null, int[]? Ids = null, string? Vectors = null, string? Adapter = null);
