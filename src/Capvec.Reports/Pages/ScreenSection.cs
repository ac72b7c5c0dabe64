using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>What reading traces again under steering predicted, and how that agrees with the trials.</summary>
internal static class ScreenSection
{
    private const int Shown = 12;

    /// <summary>The section; empty where the study has no screen.</summary>
    public static Html Of(ReportContext context)
    {
        var results = context.Study.Results;
        if (results.Screen is not { } screen)
            return Html.Empty;
        var rows = screen.Points.Index().Select(p => Row(p.Index + 1, p.Item)).ToList();
        string[] headings = ["Rank>", "Layer>", "Strength>", "Alpha>", "Predicted points>", "95%>", "Effective traces>", "Solved>", "Failed>", "KL>", "Entropy>", "Length>", "In window"];
        var rest = rows.Count <= Shown ? Html.Empty : Html.Of($"<details><summary>All {Show.Count(rows.Count)} points</summary>{Element.Table("Every point of the screen", headings, rows)}</details>");
        return Element.Section("screen", "Screen", Html.Of($"""
            <p>{ScreenText.Proposals(screen)}</p>
            <p>{ScreenText.Method(screen)}</p>
            {Element.Table("The screen's best points", headings, rows.Take(Shown))}
            {rest}
            {Openings(screen)}
            {IsoKl(screen, headings)}
            <h3>Against the trials</h3>
            <p>{ScreenText.Agreement(results)}</p>
            {Agreement(results.ScreenAgreement)}
            """), wide: true);
    }

    // A column for each failure mark: the number of replies is the same at every point.
    private static Html Openings(ScreenResult screen)
    {
        var marks = screen.Points.SelectMany(p => p.Openings).DistinctBy(o => o.Key).OrderBy(o => o.Key, StringComparer.Ordinal).ToList();
        if (marks.Count == 0)
            return Html.Empty;
        var rows = screen.Points.Take(Shown).Index().Select(p => Html.Of(
            $"""<tr><td class="n">{p.Index + 1}</td>{Element.Number(Show.Count(p.Item.Layer))}{Element.Number(Show.Strength(p.Item.Strength))}{marks.Select(mark => Element.Number(Opening(p.Item, mark.Key)))}</tr>"""));
        List<string> headings = ["Rank>", "Layer>", "Strength>", .. marks.Select(mark => $"{mark.Key} (n = {Show.Count(mark.Value.Replies)})>")];
        return Html.Of($"""<h3>Openings of failed replies</h3><p>{ScreenText.OpeningsMethod}</p>{Element.Table("Openings of failed replies", headings, rows)}""");
    }

    private static string Opening(ScreenPoint point, string mark) => point.Openings.TryGetValue(mark, out var opening) ? Show.Significant(opening.Change) : Show.None;

    private static Html IsoKl(ScreenResult screen, string[] headings) => screen.IsoKl.Count == 0
        ? Html.Empty
        : Html.Of($"""<h3>At equal KL</h3><p>{ScreenText.IsoKl(screen)}</p>{Element.Table("Layers at equal KL", headings, screen.IsoKl.Index().Select(p => Row(p.Index + 1, p.Item)))}""");

    private static Html Agreement(ScreenAgreement? agreement) => agreement is null
        ? Html.Empty
        : Element.Table("Screened and tried", ["Arm", "Rank in the screen>", "Predicted points>", "KL>", "Passed/n>", "Pass rate>"], agreement.Points.Select(p => Html.Of(
            $"""<tr><th scope="row">{p.Arm}</th>{Element.Number(Show.Count(p.Rank))}{Element.Number(Show.Points(p.Effect))}{Element.Number(Show.Significant(p.Kl))}{Element.Number($"{p.Passed}/{p.Trials}")}{Element.Number(Show.Percent((double)p.Passed / p.Trials))}</tr>""")));

    private static Html Row(int rank, ScreenPoint p) => Html.Of($"""
        <tr><td class="n">{rank}</td>{Element.Number(Show.Count(p.Layer))}{Element.Number(Show.Strength(p.Strength))}{Element.Number(Show.Significant(p.Alpha))}{Element.Number(Show.Points(p.Effect))}<td class="n interval">{Show.Points(p.EffectInterval)}</td>{Element.Number(Show.Significant(p.EffectiveTraces))}{Element.Number(Show.Significant(p.Solved))}{Element.Number(Show.Significant(p.Failed))}{Element.Number(Show.Significant(p.Kl))}{Element.Number(Show.Significant(p.EntropyChange))}{Element.Number(Show.Percent(p.NormGrowth))}<td>{(p.InWindow ? "yes" : "")}</td></tr>
        """);
}
