using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>What each control had to show and what it showed.</summary>
internal static class ControlsSection
{
    /// <summary>The section.</summary>
    public static Html Of(ReportContext context)
    {
        var rows = ControlReading.Of(context.Study).Select(r => Html.Of(
            $"""<tr><th scope="row">{Legend.Swatch(r.Kind)} {r.Arm?.Name ?? Show.Kind(r.Kind)}</th><td>{r.Expected}</td><td>{r.Found}</td></tr>"""));
        return Element.Section("controls", "Controls", Html.Of($"""
            <p>A lift counts only if what should not lift does not.</p>
            {Element.Table("Controls", ["Control", "Has to be", "Was"], rows)}
            """));
    }
}
