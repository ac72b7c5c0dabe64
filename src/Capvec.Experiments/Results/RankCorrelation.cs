namespace Capvec.Experiments.Results;

/// <summary>Spearman's rank correlation.</summary>
/// <param name="Correlation">From -1 to 1; NaN where either side is all equal.</param>
/// <param name="Interval">95% of it.</param>
/// <param name="Points">Points compared.</param>
public sealed record RankCorrelation(double Correlation, Interval Interval, int Points);
