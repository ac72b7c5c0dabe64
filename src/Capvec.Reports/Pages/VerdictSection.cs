using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>The head of the page: question, verdict, and the one chart that carries it.</summary>
internal static class VerdictSection
{
    /// <summary>The section.</summary>
    public static Html Of(ReportContext context)
    {
        var results = context.Study.Results;
        var notes = results.Verdict.Notes.Count == 0
            ? Html.Empty
            : Html.Of($"""<ul class="notes">{results.Verdict.Notes.Select(n => Html.Of($"<li>{n}</li>"))}</ul>""");
        var stage = context.Study.Arms(StudyIndex.Test).Count > 0 ? StudyIndex.Test : StudyIndex.Selection;
        return Html.Of($"""
            <section id="verdict">
            <p class="over">Capvec study · {results.Name}</p>
            <p class="question">{results.Question}</p>
            <h1>{results.Verdict.Sentence}</h1>
            <p><span class="kind">{Kind(results.Verdict.Kind)}</span><span class="muted small">{Size(context.Study)}</span></p>
            {(results.Refusals is { } refusals ? Chart(context, refusals) : Chart(context, stage))}
            {notes}
            </section>
            """);
    }

    /// <summary>A verdict in two or three words.</summary>
    public static string Kind(VerdictKind kind) => kind switch
    {
        VerdictKind.Lift => "Lift",
        VerdictKind.Harm => "Harm",
        VerdictKind.FewerRefusals => "Fewer refusals",
        VerdictKind.MoreRefusals => "More refusals",
        VerdictKind.NoDifference => "No difference found",
        VerdictKind.ControlFailed => "A control failed",
        VerdictKind.Incomplete => "Incomplete",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown verdict"),
    };

    /// <summary>The chart of pass rates of one stage; a sentence where the stage has no arms.</summary>
    public static Html Chart(ReportContext context, string stage)
    {
        var arms = context.Study.Arms(stage);
        if (arms.Count == 0)
            return Element.Paragraph("There is no trial to show yet: the study stopped before its first comparison. Run it again; it goes on where it stopped.");
        var where = $"{(stage == StudyIndex.Test ? "test stage" : "selection stage")}, {Show.Count(context.Study.Tasks(stage).Count, "task")}";
        return Chart(context, arms, "Pass rate", "passed", where);
    }

    /// <summary>The chart of a verdict about refusals.</summary>
    private static Html Chart(ReportContext context, RefusalResult refusals) => refusals.Arms.Count == 0
        ? Chart(context, StudyIndex.Test)
        : Chart(context, refusals.Arms, "Share of trials refused", "refused", $"test stage, tasks {refusals.Tasks}");

    private static Html Chart(ReportContext context, IReadOnlyList<ArmResult> arms, string what, string counted, string where)
    {
        var basis = arms.FirstOrDefault(a => a.Kind == ArmKind.Base);
        var hasBase = basis is { Trials: > 0 };
        var rows = arms.Select(a => new ForestRow(a.Name, ChartList.KindName(a.Kind), ChartList.Finite(a.Rate),
            a.Trials == 0 ? null : a.Wilson.Lower, a.Trials == 0 ? null : a.Wilson.Upper, Show.Percent(a.Rate), $"{a.Passed}/{a.Trials}", context.Study.Stands(a), Detail(a, counted))).ToList();
        var chart = new ForestChart(what.ToLowerInvariant(), 0, 1, 0.1, false, hasBase ? basis!.Rate : null, hasBase ? $"base {Show.Percent(basis!.Rate)}" : "",
            hasBase ? basis!.Wilson.Lower : null, hasBase ? basis!.Wilson.Upper : null, rows);
        var label = $"{what} by arm: " + string.Join("; ", arms.Select(a => $"{a.Name} {Show.Percent(a.Rate)}, 95% interval {Show.Percent(a.Wilson)}, {a.Passed} of {a.Trials}"));
        var caption = $"{what} by arm, {where}. Bars are Wilson 95% intervals"
            + (hasBase ? $"; the dashed line and its band are base ({basis!.Passed}/{basis.Trials})." : "; base has no trial.")
            + $" At the right: the rate, and {counted} of trials with a reward.";
        return ChartFigure.Of(context.Charts.Add(chart, label), Legend.Of(arms.Select(a => a.Kind), baseLine: false), caption, Html.Empty);
    }

    private static string[] Detail(ArmResult arm, string counted) =>
    [
        arm.Name,
        $"{Show.Percent(arm.Rate)} [{Show.Percent(arm.Wilson)}], {arm.Passed} of {arm.Trials} {counted}" + (arm.Nulls > 0 ? $", {arm.Nulls} without a reward" : ""),
        .. arm.AgainstBase is { } c ? new[] { $"paired difference to base {Show.Points(c.PairedDifference)} points [{Show.Points(c.PairedInterval)}]", $"Fisher two-sided, Holm: {Show.PSentence(c.Holm)}" } : [],
    ];

    private static string Size(StudyIndex study)
    {
        var test = study.Arms(StudyIndex.Test);
        var nulls = study.Results.Trials.Count(t => t.Reward is null);
        return $"{Show.Count(study.Results.Trials.Count, "trial")} in all, {Show.Count(study.Results.Trials.Count(t => t.Stage == StudyIndex.Test))} in the test stage"
            + $" ({Show.Count(test.Count, "arm")} on {Show.Count(study.Tasks(StudyIndex.Test).Count, "task")}); {Show.Count(nulls)} without a reward";
    }
}
