namespace Capvec.Engine.Batching;

/// <summary>Pages that hold a range of positions.</summary>
/// <param name="Origin">Number of the first page: position p lies in page <c>p / StateLayout.PagePositions - Origin</c>.</param>
/// <param name="Pages">In order of position.</param>
internal sealed record PageRun(int Origin, Page[] Pages);
