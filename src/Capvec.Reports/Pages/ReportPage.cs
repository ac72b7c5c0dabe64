using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>
/// The whole page in one file: style, data, charts and scripts inside, nothing fetched. Its content security policy allows the two
/// scripts by their hashes and nothing else, so that even markup that slipped through could neither run nor call out.
/// </summary>
internal static class ReportPage
{
    private static readonly (string Id, string Name)[] Contents =
    [
        ("verdict", "Verdict"), ("groups", "Groups of tasks"), ("arms", "Arms"), ("dose", "Dose and response"), ("layers", "Layers"), ("screen", "Screen"), ("marks", "Failure marks"), ("tasks", "Tasks"),
        ("transcripts", "Transcripts"), ("controls", "Controls"), ("selection", "Selection stage"), ("method", "How it was done"), ("limits", "What it cannot tell"),
    ];

    /// <summary>Writes the page.</summary>
    public static string Write(StudyIndex study)
    {
        var context = new ReportContext(study, new ChartList());
        var screen = ScreenSection.Of(context);
        var (selection, groups) = (SelectionSection.Of(context), GroupsSection.Of(context));
        var body = Html.Of($"""
            {VerdictSection.Of(context)}
            {groups}
            {ArmsSection.Of(context)}
            {DoseSection.Of(context)}
            {LayersSection.Of(context)}
            {screen}
            {MarksSection.Of(context)}
            {TasksSection.Of(context)}
            {TranscriptsSection.Of(context)}
            {ControlsSection.Of(context)}
            {selection}
            {MethodSection.Of(context)}
            {MethodSection.Limit(context)}
            """);
        var links = Contents.Where(c => (c.Id != "selection" || selection.ToString().Length > 0) && (c.Id != "groups" || groups.ToString().Length > 0) && (c.Id != "screen" || screen.ToString().Length > 0)).Select(c => Html.Of($"""<li><a href="#{c.Id}">{c.Name}</a></li>"""));
        var charts = Asset.Read("echarts.js");
        var script = Asset.Read("report.js");
        var policy = $"default-src 'none'; style-src 'unsafe-inline'; script-src {Asset.Hash(charts)} {Asset.Hash(script)}; base-uri 'none'; form-action 'none'";
        return Html.Of($"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{policy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>{study.Results.Name} · Capvec report</title>
            <style>{Html.Style(Asset.Read("report.css"))}</style>
            <noscript><style>.plot, [data-toggle-details] {Html.Style("{ display: none }")}</style></noscript>
            </head>
            <body>
            <div class="frame">
            <nav class="contents" aria-label="Contents"><ol>{links}</ol></nav>
            <main>
            <noscript><p class="muted">The charts need scripts, which are off. Every figure is in the tables below.</p></noscript>
            {body}
            </main>
            </div>
            <script type="application/json" id="chart-data">{Html.Script(context.Charts.ToJson())}</script>
            <script>{Html.Script(charts)}</script>
            <script>{Html.Script(script)}</script>
            </body>
            </html>

            """).ToString();
    }
}
