namespace Capvec.Formats.Tensors;

/// <summary>Gives some rows of a tensor to a writer, which asks for them in order and a few at a time.</summary>
/// <typeparam name="T">float for values, byte for what is stored as it is.</typeparam>
/// <param name="firstRow">The first row wanted, counted over all outer axes.</param>
/// <param name="rows">To be filled with whole rows.</param>
public delegate void RowReader<T>(long firstRow, Span<T> rows);
