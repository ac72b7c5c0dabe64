using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>The arms of a stage: the paired differences to base as a chart, and every figure as a table.</summary>
internal static class ArmsSection
{
    /// <summary>The section of the test stage.</summary>
    public static Html Of(ReportContext context)
    {
        var arms = context.Study.Arms(StudyIndex.Test);
        return Element.Section("arms", "Arms", arms.Count == 0
            ? Element.Paragraph("The test stage has no trial yet.")
            : Html.Of($"{Differences(context, StudyIndex.Test)}{Table(context.Study, StudyIndex.Test)}"), wide: true);
    }

    /// <summary>The paired differences to base as a chart; nothing where no arm is compared.</summary>
    public static Html Differences(ReportContext context, string stage)
    {
        var arms = context.Study.Arms(stage).Where(a => a.AgainstBase is not null).ToList();
        if (arms.Count == 0)
            return Element.Paragraph("No arm is compared with base in this stage.");
        var ends = arms.SelectMany(a => new[] { a.AgainstBase!.PairedInterval.Lower, a.AgainstBase.PairedInterval.Upper, a.AgainstBase.PairedDifference }).Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var step = ends.Max() - ends.Min() > 0.5 ? 0.2 : 0.1;
        var min = Math.Max(-1, Math.Floor(Math.Min(ends.Min(), -step) / step) * step);
        var max = Math.Min(1, Math.Ceiling(Math.Max(ends.Max(), step) / step) * step);
        var rows = arms.Select(a => (Arm: a, C: a.AgainstBase!)).Select(x => new ForestRow(x.Arm.Name, ChartList.KindName(x.Arm.Kind),
            ChartList.Finite(x.C.PairedDifference), ChartList.Finite(x.C.PairedInterval.Lower), ChartList.Finite(x.C.PairedInterval.Upper),
            Show.Points(x.C.PairedDifference), Show.Count(x.C.Tasks, "task"), context.Study.Stands(x.Arm),
            [x.Arm.Name, $"{Show.Points(x.C.PairedDifference)} points [{Show.Points(x.C.PairedInterval)}], {Show.Count(x.C.Tasks, "task")}", $"sign-flip permutation over tasks: {Show.PSentence(x.C.PairedP)}"])).ToList();
        var chart = new ForestChart("paired difference to base, percentage points", min, max, step, true, 0, "no difference", null, null, rows);
        var label = "Paired difference to base in percentage points: " + string.Join("; ", rows.Select(r => $"{r.Name}: {r.Detail[1]}"));
        return ChartFigure.Of(context.Charts.Add(chart, label), Html.Empty,
            "Difference to base, paired by task: the mean over tasks of the arm's pass rate minus base's, on the same tasks and seeds. Bars are 95% intervals from the spread between tasks (Student's t); at the right, the difference in percentage points and the tasks compared.", Html.Empty);
    }

    /// <summary>Every figure of a stage's arms.</summary>
    public static Html Table(StudyIndex study, string stage)
    {
        var arms = study.Arms(stage);
        var rows = arms.Select(a => Html.Of($"""
            <tr{Html.Text(study.Stands(a) ? " class=strong" : "")} data-arm="{a.Name}"><th scope="row" class="arm" title="{a.Name} ({Show.Kind(a.Kind)})">{Legend.Swatch(a.Kind)} {Show.Short(a.Name, 48)}</th>
            {Element.Number($"{a.Passed}/{a.Trials}")}{Element.Number(Show.Percent(a.Rate))}<td class="n interval">{(a.Trials == 0 ? Show.None : Show.Percent(a.Wilson))}</td>{Compared(a.AgainstBase)}{Element.Number(Show.Count(a.Nulls))}</tr>
            """));
        var table = Element.Table($"Arms of the {stage} stage",
            ["Arm", "Passed/n>", "Pass rate>", "Wilson 95%>", "Paired difference>", "95%>", "Paired p>", "Fisher two‑sided>", "Fisher greater>", "Fisher less>", "Holm p>", "Null>"], rows);
        return Html.Of($"""
            {table}
            <p class="small muted">Passed/n: trials with a reward of at least 0.5, of trials with a reward. Paired difference: percentage points, as in the chart; paired p: sign-flip permutation over tasks, two-sided.
            Fisher: exact test of the arm's passed/n against base's; greater and less are the one-sided p that the arm passes more or less often; Holm: the two-sided p corrected for {Show.Count(arms.Count(a => a.AgainstBase is not null), "comparison")} in this stage.
            Null: trials whose infrastructure failed; they have no reward and count neither as passed nor as failed.</p>
            """);
    }

    private static Html Compared(Comparison? c) => c is null
        ? Html.Join(Enumerable.Repeat(Element.Number(""), 7))
        : Html.Of($"""{Element.Number(Show.Points(c.PairedDifference))}<td class="n interval">{Show.Points(c.PairedInterval)}</td>{Element.Number(Show.P(c.PairedP))}{Element.Number(Show.P(c.FisherTwoSided))}{Element.Number(Show.P(c.FisherGreater))}{Element.Number(Show.P(c.FisherLess))}{Element.Number(Show.P(c.Holm))}""");
}
