namespace Capvec.Engine.Families;

/// <summary>Where a GGUF file keeps a tensor, and in which order.</summary>
/// <param name="Tensor">Its name in the file.</param>
/// <param name="Row">The file's row for a row of the network's; null for the same.</param>
/// <param name="Column">The file's column for a column of the network's; null for the same.</param>
internal sealed record GgufPlace(string Tensor, Func<int, int>? Row = null, Func<int, int>? Column = null);
