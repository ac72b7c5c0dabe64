using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>How the study was done: facts, the study file, the files beside this page; and what it cannot tell.</summary>
internal static class MethodSection
{
    /// <summary>How it was done.</summary>
    public static Html Of(ReportContext context)
    {
        var results = context.Study.Results;
        var facts = results.Facts.Select(f => Html.Of($"<dt>{f.Key}</dt><dd>{f.Value}</dd>"));
        var files = ReportWriter.Files.Select(f => Html.Of($"""<li><a href="{f.Name}">{f.Name}</a>: {f.Purpose}</li>"""));
        return Element.Section("method", "How it was done", Html.Of($"""
            <dl class="facts">{facts}</dl>
            <h3>study.yaml, as it was run</h3>
            <pre class="long">{results.Yaml}</pre>
            <h3>Files beside this page</h3>
            <ul>{files}</ul>
            """));
    }

    /// <summary>What the study cannot tell.</summary>
    public static Html Limit(ReportContext context) => Element.Section("limits", "What this study cannot tell",
        Html.Of($"""<ul class="notes">{Limits.Of(context.Study).Select(l => Html.Of($"<li>{l}</li>"))}</ul>"""));
}
