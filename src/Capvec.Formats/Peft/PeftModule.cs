namespace Capvec.Formats.Peft;

/// <summary>What an adapter adds to one module: <c>y = W x + Scale * B (A x)</c>.</summary>
/// <param name="Path">The module's weight name in the base model without <c>.weight</c>, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="Rank">r.</param>
/// <param name="In">Columns of A: inputs of the module, or the vocabulary of an embedding.</param>
/// <param name="Out">Rows of B: outputs of the module.</param>
/// <param name="A">[r, in], row major.</param>
/// <param name="B">[out, r], row major.</param>
/// <param name="Scale">alpha / r, or alpha / sqrt(r) with rslora.</param>
/// <param name="IsEmbedding">Whether the module is a token embedding, whose A is indexed by token.</param>
public sealed record PeftModule(string Path, int Rank, int In, int Out, float[] A, float[] B, float Scale, bool IsEmbedding);
