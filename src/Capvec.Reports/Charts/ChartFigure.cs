using Capvec.Reports.Markup;

namespace Capvec.Reports.Charts;

/// <summary>A chart with its legend, its caption and the table that says the same.</summary>
internal static class ChartFigure
{
    /// <summary>One chart, or several panels, as a figure.</summary>
    /// <param name="plots">The places of the charts.</param>
    /// <param name="legend">What the marks mean.</param>
    /// <param name="caption">What is shown, with n and what the intervals are.</param>
    /// <param name="table">The same figures as a table; empty where a table beside the chart says them already.</param>
    /// <param name="single">Whether it is one chart, which paper should not cut.</param>
    public static Html Of(Html plots, Html legend, string caption, Html table, bool single = true)
    {
        var equivalent = table.ToString().Length == 0 ? Html.Empty : Html.Of($"""<details class="equivalent" open><summary>The same figures as a table</summary>{table}</details>""");
        return Html.Of($"""<figure class="{(single ? "single" : "several")}">{plots}{legend}<figcaption>{caption}</figcaption>{equivalent}</figure>""");
    }
}
