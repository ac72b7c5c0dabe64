namespace Capvec.Formats.Gguf;

/// <summary>The factors that an adapter file holds for one tensor of its base model, in that file's order of rows and columns.</summary>
/// <param name="Tensor">The base model's tensor, such as <c>blk.3.attn_q.weight</c>.</param>
/// <param name="Rank">r.</param>
/// <param name="In">Columns of A.</param>
/// <param name="Out">Rows of B.</param>
/// <param name="A">[r, in], row major.</param>
/// <param name="B">[out, r], row major.</param>
public sealed record GgufLoraPair(string Tensor, int Rank, int In, int Out, float[] A, float[] B);
