namespace Capvec.Reports.Charts;

/// <summary>Arms one below the other, each an estimate with its interval; null where there is no figure.</summary>
/// <param name="Axis">Name and unit of the axis.</param>
/// <param name="Min">Left end of the axis.</param>
/// <param name="Max">Right end of the axis.</param>
/// <param name="Step">Distance of the axis' ticks.</param>
/// <param name="Signed">Whether values are differences in points.</param>
/// <param name="Reference">Where the reference line stands.</param>
/// <param name="ReferenceText">What it is.</param>
/// <param name="BandLow">Lower end of the reference's interval.</param>
/// <param name="BandHigh">Upper end of the reference's interval.</param>
/// <param name="Rows">The arms.</param>
internal sealed record ForestChart(string Axis, double Min, double Max, double Step, bool Signed, double? Reference, string ReferenceText,
    double? BandLow, double? BandHigh, IReadOnlyList<ForestRow> Rows)
{
    /// <summary>Which drawing the page's script uses.</summary>
    public string Type => "forest";
}
