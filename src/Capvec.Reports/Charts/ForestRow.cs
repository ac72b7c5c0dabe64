namespace Capvec.Reports.Charts;

/// <summary>One arm of a <see cref="ForestChart"/>.</summary>
/// <param name="Name">The arm.</param>
/// <param name="Kind">Its kind, for colour and shape.</param>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end of its interval.</param>
/// <param name="High">Upper end of its interval.</param>
/// <param name="Text">The estimate as written.</param>
/// <param name="Count">The n as written.</param>
/// <param name="Strong">Whether it is base or the candidate.</param>
/// <param name="Detail">Lines of the tooltip.</param>
internal sealed record ForestRow(string Name, string Kind, double? Value, double? Low, double? High, string Text, string Count, bool Strong, IReadOnlyList<string> Detail);
