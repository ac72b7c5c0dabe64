namespace Capvec.Reports.Charts;

/// <summary>AUC, margin and permutation p by layer, on one axis.</summary>
/// <param name="Min">Lower end of the AUC axis.</param>
/// <param name="Rows">The layers by number.</param>
internal sealed record LayersChart(double Min, IReadOnlyList<LayersRow> Rows)
{
    /// <summary>Which drawing the page's script uses.</summary>
    public string Type => "layers";
}
