namespace Capvec.Experiments.Results;

/// <summary>How the screen's order of layers and strengths agrees with what trials then measured.</summary>
/// <param name="Stage">The stage whose trials are compared.</param>
/// <param name="Correlation">Spearman's rank correlation of the screen's order with the measured pass rates; NaN where either side is all equal.</param>
/// <param name="Interval">95% of it, by drawing tasks of the stage; the screen's order is taken as it is.</param>
/// <param name="Tasks">Tasks drawn.</param>
/// <param name="Points">Every point that was both screened and tried, best of the screen first.</param>
/// <param name="WithinBound">The same among the points that a proposal may come from, those within the screen's bound on KL; null where fewer than three of these were tried, or all.</param>
public sealed record ScreenAgreement(string Stage, double Correlation, Interval Interval, int Tasks, IReadOnlyList<ScreenedArm> Points, RankCorrelation? WithinBound = null);
