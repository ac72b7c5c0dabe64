using System.Collections.Immutable;

namespace Capvec.Engine.Requests;

/// <summary>Residual rows of one sequence.</summary>
/// <param name="Layers">0-based blocks, as asked for.</param>
/// <param name="Rows">How many token rows each layer's values hold: 1 for a mean or last token (0 if no token was chosen).</param>
/// <param name="Tokens">How many tokens were chosen.</param>
/// <param name="Values">One array a layer, [rows, hidden] row-major; [rows] for lengths.</param>
public sealed record CaptureResult(ImmutableArray<int> Layers, int Rows, int Tokens, ImmutableArray<float[]> Values);
