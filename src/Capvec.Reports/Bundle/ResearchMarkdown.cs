using Capvec.Experiments.Results;
using Capvec.Experiments.Screening;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Bundle;

/// <summary>RESEARCH.md: contrast, direction, ranking.</summary>
internal static class ResearchMarkdown
{
    /// <summary>Writes the file.</summary>
    public static string Write(StudyIndex study)
    {
        var results = study.Results;
        var chosen = results.Ranking.Where(r => r.Chosen).ToList();
        var ranking = results.Ranking.Count == 0
            ? "No layer was ranked yet.\n"
            : Markdown.Table(["Layer>", "AUC in-sample>", "AUC held-out>", "95%>", "Permutation p>", "Margin>", "Residual length>", "Margin / length>", "Positives>", "Negatives>", "Chosen"],
                results.Ranking.Select(r =>
                {
                    var interval = AucInterval.Of(r.HeldOutAuc, r.Positives, r.Negatives);
                    return (IReadOnlyList<string>)[Show.Count(r.Layer), Show.Auc(r.Auc), Show.Auc(r.HeldOutAuc), $"{Show.Auc(interval.Lower)}–{Show.Auc(interval.Upper)}", Show.P(r.PermutationP),
                        Show.Significant(r.Margin), Show.Significant(r.ResidualNorm), Show.Significant(r.Margin / r.ResidualNorm), Show.Count(r.Positives), Show.Count(r.Negatives), r.Chosen ? "chosen" : ""];
                }));
        var choice = chosen.Count == 0
            ? "No layer was chosen."
            : $"Chosen: {(chosen.Count == 1 ? "layer" : "layers")} {Show.Layers([.. chosen.Select(c => c.Layer)])}.";
        return $"""
            # Research: {Markdown.Text(results.Name)}

            ## Contrast

            {Markdown.Text(results.Contrast)}

            ## Direction

            One unit vector a layer. Layer b is the residual stream after 0-based block b, before the final norm. Margin is the mean projection of the positives minus that of the negatives on the unit vector, in residual units:
            the length of the mean difference. Strengths of this study are in {Show.Unit(results.StrengthUnit)}; alpha is the same in residual units of the unit vector.

            ## Ranking

            {ranking}
            {choice}

            - In-sample AUC ranks the traces that made the direction. With more dimensions than traces it comes near 1 whatever the contrast, so it is no evidence.
            - Held-out AUC leaves out one trace at a time and fits the direction again. Its interval (Newcombe's pseudo-score method for the Mann-Whitney statistic) takes traces as independent; traces that share tasks make the true uncertainty larger.
            - Permutation p is the share of label shuffles whose held-out AUC is at least as high.
            - Residual length is the mean length of the captured rows; the margin beside it says how large the difference is against what is there anyway.

            {Screen(results)}## What else the direction may be

            {Audit(results.Audit)}
            ## What this does not show

            That a direction tells good traces from bad ones does not say that adding it makes runs better. It may hold style, length or refusal beside skill. RESULTS.md says what adding it did.

            """;
    }

    private static string Audit(AuditResult? audit) => audit is null
        ? "Not looked at.\n"
        : $"""
            {string.Concat(audit.Findings.Select(finding => $"- {Markdown.Text(Show.Sentence(finding))}\n"))}
            {Markdown.Table(["Fact", "Scores tell it, AUC>", "Pairs alike in it>", "AUC among these>"], audit.Facts.Select(fact =>
                (IReadOnlyList<string>)[fact.Fact, Show.Auc(fact.Separation), Show.Count(fact.Pairs), fact.AucHeldFixed is { } left ? Show.Auc(left) : Show.None]))}
            """;

    private static string Screen(StudyResults results)
    {
        if (results.Screen is not { } screen)
            return "";
        string[] headings = ["Layer>", "Strength>", "Alpha>", "Predicted points>", "95%>", "Effective traces>", "Solved>", "Failed>", "KL>", "Entropy>", "Length>", "Openings", "In window"];
        static IReadOnlyList<string> Row(ScreenPoint p) =>
            [Show.Count(p.Layer), Show.Strength(p.Strength), Show.Significant(p.Alpha), Show.Points(p.Effect), Show.Points(p.EffectInterval), Show.Significant(p.EffectiveTraces),
                Show.Significant(p.Solved), Show.Significant(p.Failed), Show.Significant(p.Kl), Show.Significant(p.EntropyChange), Show.Percent(p.NormGrowth), ScreenText.Openings(p), p.InWindow ? "yes" : ""];
        var isoKl = screen.IsoKl.Count == 0 ? "" : $"{ScreenText.IsoKl(screen)}\n\n{Markdown.Table(headings, screen.IsoKl.Select(Row))}\n";
        return $"""
            ## Screen

            {ScreenText.Proposals(screen)}

            {Markdown.Text(ScreenText.Method(screen))}

            {Markdown.Table(headings, screen.Points.Select(Row))}
            {isoKl}{ScreenText.Agreement(results)}


            """;
    }
}
