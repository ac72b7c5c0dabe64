namespace Capvec.Reports.Charts;

/// <summary>One arm of a <see cref="DoseChart"/>.</summary>
/// <param name="X">Strength.</param>
/// <param name="Value">Pass rate.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end of its interval.</param>
/// <param name="Kind">Kind of arm, for colour and shape.</param>
/// <param name="Joined">Whether the line of the direction under test goes through it.</param>
/// <param name="Shift">How many marks of the same kind already stand at this strength: it is drawn that much further right.</param>
/// <param name="Detail">Lines of the tooltip.</param>
internal sealed record DosePoint(double X, double Value, double Low, double High, string Kind, bool Joined, int Shift, IReadOnlyList<string> Detail);
