namespace Capvec.Engine.Batching;

/// <summary>Residual rows of a kept prefix.</summary>
/// <param name="Depth">Blocks that have been computed.</param>
/// <param name="From">First position kept; the last one is the prefix's last.</param>
/// <param name="Rows">[positions, hidden], in pages.</param>
internal sealed record KeptResiduals(int Depth, int From, PageRun Rows);
