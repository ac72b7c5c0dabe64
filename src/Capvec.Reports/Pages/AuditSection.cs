using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>What else the direction may be: how well its scores tell other facts about the traces, and what is left when each is held fixed.</summary>
internal static class AuditSection
{
    /// <summary>The part of the section on layers; empty where nothing was looked at.</summary>
    public static Html Of(ReportContext context) => context.Study.Results.Audit is not { } audit
        ? Html.Empty
        : Html.Of($"""
            <h3 id="audit">What else the direction may be</h3>
            {Html.Join(audit.Findings.Select(finding => Element.Paragraph(Show.Sentence(finding))))}
            {Element.Table($"Facts about the traces and the direction of layer {audit.Layer}", ["Fact", "Scores tell it, AUC>", "Pairs alike in it>", "AUC among these>"], audit.Facts.Select(fact => Html.Of(
                $"""<tr><th scope="row">{fact.Fact}</th>{Element.Number(Show.Auc(fact.Separation))}{Element.Number(Show.Count(fact.Pairs))}{Element.Number(fact.AucHeldFixed is { } left ? Show.Auc(left) : Show.None)}</tr>""")))}
            <p class="muted">Held-out AUC over all pairs: {Show.Auc(audit.HeldOutAuc)}. Where no pair is alike, contrast and fact are the same thing in these traces. A fact may be how success works, so a finding says what to rule out, not that the direction is wrong.</p>
            """);
}
