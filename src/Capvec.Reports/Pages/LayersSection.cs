using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>The ranking of layers: how well the direction of each tells good traces from bad ones.</summary>
internal static class LayersSection
{
    /// <summary>The section.</summary>
    public static Html Of(ReportContext context)
    {
        var ranking = context.Study.Results.Ranking;
        if (ranking.Count == 0)
            return Element.Section("layers", "Layers", Element.Paragraph("No layer was ranked yet."));

        var rows = ranking.Select(r => (Rank: r, Interval: AucInterval.Of(r.HeldOutAuc, r.Positives, r.Negatives))).ToList();
        var lowest = rows.SelectMany(r => new[] { r.Rank.Auc, r.Rank.HeldOutAuc, r.Interval.Lower }).Where(double.IsFinite).DefaultIfEmpty(0.5).Min();
        var chart = new LayersChart(Math.Max(0, Math.Floor(Math.Min(lowest, 0.4) * 10) / 10), [.. rows.Select(r => Row(r.Rank, r.Interval))]);
        var chosen = ranking.Where(r => r.Chosen).ToList();
        var label = "Ranking of layers: " + string.Join("; ", rows.Select(r => string.Join(", ", Row(r.Rank, r.Interval).Detail)));
        var first = ranking[0];
        var same = ranking.All(r => r.Positives == first.Positives && r.Negatives == first.Negatives);
        var n = same ? $"{Show.Count(first.Positives)} positive and {Show.Count(first.Negatives)} negative traces" : "traces as in the table";
        var caption = $"Layers ranked on {n}. Filled: held-out AUC (leave one out, direction refitted) with a 95% interval that takes traces as independent, so it is at best this narrow; hollow: in-sample AUC, which a mean difference inflates. "
            + "Margin: length of the mean difference, residual units. Permutation p: share of label shuffles whose held-out AUC is at least as high; the dashed line is 0.05.";
        var table = Element.Table("Ranking of layers", ["Layer", "AUC in-sample>", "AUC held-out>", "95%>", "Permutation p>", "Margin>", "Residual length>", "Margin / length>", "Positives>", "Negatives>", "Chosen"],
            rows.Select(r => TableRow(r.Rank, r.Interval)));
        var words = chosen.Count == 0 ? "No layer was chosen." : $"The study chose {(chosen.Count == 1 ? "layer" : "layers")} {Show.Layers([.. chosen.Select(c => c.Layer)])}. {Auc(chosen)}";
        return Element.Section("layers", "Layers", Html.Of($"""
            <p>{context.Study.Results.Contrast}</p>
            <p>{words} A high AUC says that a direction tells the two sets of traces apart, not that adding it helps: it may tell them apart by style. Only the test stage says whether it helps.</p>
            {ChartFigure.Of(context.Charts.Add(chart, label), Html.Empty, caption, table)}
            {AuditSection.Of(context)}
            {Collected(context.Study)}
            """));
    }

    private static Html Collected(StudyIndex study)
    {
        var arms = study.Arms(StudyIndex.Collect);
        return arms.Count == 0
            ? Html.Empty
            : Html.Of($"""<h3>Trials that made the traces</h3>{Element.Table("Arms of the collect stage", ["Arm", "Kind", "Passed/n>", "Pass rate>", "Wilson 95%>", "Null>"], arms.Select(a => Html.Of(
                $"""<tr data-arm="{a.Name}"><th scope="row" class="arm" title="{a.Name}">{Legend.Swatch(a.Kind)} {Show.Short(a.Name, 48)}</th>{Element.Cell(Show.Kind(a.Kind))}{Element.Number($"{a.Passed}/{a.Trials}")}{Element.Number(Show.Percent(a.Rate))}<td class="n interval">{(a.Trials == 0 ? Show.None : Show.Percent(a.Wilson))}</td>{Element.Number(Show.Count(a.Nulls))}</tr>""")))}""");
    }

    private static string Auc(List<LayerRank> chosen) => string.Join(" ", chosen.Take(3).Select(c =>
        $"Layer {c.Layer}: held-out AUC {Show.Auc(c.HeldOutAuc)} (in-sample {Show.Auc(c.Auc)}), permutation {Show.PSentence(c.PermutationP)}, margin {Show.Significant(c.Margin)}, {Show.Percent(c.Margin / c.ResidualNorm)} of the mean residual length."));

    private static LayersRow Row(LayerRank r, Interval interval) => new(r.Layer, ChartList.Finite(r.Auc), ChartList.Finite(r.HeldOutAuc), ChartList.Finite(interval.Lower), ChartList.Finite(interval.Upper),
        ChartList.Finite(r.Margin), ChartList.Finite(r.PermutationP), r.Chosen,
        [
            $"Layer {r.Layer}" + (r.Chosen ? ", chosen" : ""),
            $"held-out AUC {Show.Auc(r.HeldOutAuc)} [{Show.Auc(interval.Lower)}–{Show.Auc(interval.Upper)}], in-sample {Show.Auc(r.Auc)}",
            $"permutation {Show.PSentence(r.PermutationP)}",
            $"margin {Show.Significant(r.Margin)}, mean residual length {Show.Significant(r.ResidualNorm)}",
        ]);

    private static Html TableRow(LayerRank r, Interval interval) => Html.Of($"""
        <tr{Html.Text(r.Chosen ? " class=chosen" : "")}><th scope="row">{r.Layer}</th>{Element.Number(Show.Auc(r.Auc))}{Element.Number(Show.Auc(r.HeldOutAuc))}<td class="n interval">{Show.Auc(interval.Lower)}–{Show.Auc(interval.Upper)}</td>{Element.Number(Show.P(r.PermutationP))}{Element.Number(Show.Significant(r.Margin))}{Element.Number(Show.Significant(r.ResidualNorm))}{Element.Number(Show.Significant(r.Margin / r.ResidualNorm))}{Element.Number(Show.Count(r.Positives))}{Element.Number(Show.Count(r.Negatives))}<td>{(r.Chosen ? "chosen" : "")}</td></tr>
        """);
}
