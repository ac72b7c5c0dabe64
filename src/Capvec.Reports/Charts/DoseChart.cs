namespace Capvec.Reports.Charts;

/// <summary>Pass rate over strength for one layer or set of layers; base is a line with its band.</summary>
/// <param name="Axis">Name and unit of the strength.</param>
/// <param name="Min">Left end, the same in all panels of a stage.</param>
/// <param name="Max">Right end.</param>
/// <param name="Ticks">Strengths that were run.</param>
/// <param name="Base">Base's pass rate.</param>
/// <param name="BaseLow">Lower end of its interval.</param>
/// <param name="BaseHigh">Upper end of its interval.</param>
/// <param name="Points">The arms.</param>
internal sealed record DoseChart(string Axis, double Min, double Max, IReadOnlyList<double> Ticks, double? Base, double? BaseLow, double? BaseHigh, IReadOnlyList<DosePoint> Points)
{
    /// <summary>Which drawing the page's script uses.</summary>
    public string Type => "dose";
}
