using System.Globalization;
using Capvec.Experiments.Results;
using Capvec.Experiments.Statistics;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>Failure marks by arm: a table whose cells are small bars with intervals.</summary>
internal static class MarksSection
{
    /// <summary>The section of the test stage.</summary>
    public static Html Of(ReportContext context) => Element.Section("marks", "Failure marks", Table(context.Study, StudyIndex.Test));

    /// <summary>The table of a stage.</summary>
    public static Html Table(StudyIndex study, string stage)
    {
        var arms = study.Arms(stage);
        if (arms.Count == 0)
            return Element.Paragraph($"The {stage} stage has no trial yet.");
        var head = MarkShare.All.Select(m => Html.Of($"""<th scope="col" title="{m.Meaning}">{m.Name}</th>"""));
        var rows = arms.Select(a => Html.Of($"""<tr data-arm="{a.Name}"><th scope="row" class="arm" title="{a.Name}">{Legend.Swatch(a.Kind)} {Show.Short(a.Name, 48)}</th>{Element.Number(Show.Count(study.Trials(stage, a.Name).Count()))}{MarkShare.All.Select(m => Cell(study, a, m))}</tr>"""));
        var meanings = MarkShare.All.Select(m => Html.Of($"<dt>{m.Name}</dt><dd>{m.Meaning}</dd>"));
        return Html.Of($"""
            <p>Share of an arm's trials in which at least one reply bears the mark, with its Wilson 95% interval. Marks describe replies; they do not decide the reward.</p>
            <div class="scroll" role="region" aria-label="Failure marks, {stage} stage" tabindex="0"><table class="marks"><thead><tr><th scope="col">Arm</th><th scope="col" class="n">Trials</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>
            <details><summary>What the marks mean</summary><dl class="facts">{meanings}</dl></details>
            """);
    }

    private static Html Cell(StudyIndex study, ArmResult arm, MarkShare mark)
    {
        var (marked, trials) = mark.Of(study, arm);
        if (trials == 0)
            return Element.Cell(Show.None);
        var interval = Wilson.Interval(marked, trials);
        var share = (double)marked / trials;
        var bar = string.Create(CultureInfo.InvariantCulture, $"width:{share * 100:0.##}%;--tint:var(--arm-{ChartList.KindName(arm.Kind)})");
        var whisker = string.Create(CultureInfo.InvariantCulture, $"left:{interval.Lower * 100:0.##}%;width:{(interval.Upper - interval.Lower) * 100:0.##}%");
        return Html.Of($"""<td title="{arm.Name}, {mark.Name}: {marked} of {trials} trials, 95% interval {Show.Percent(interval)}; {Show.Count(mark.Count(arm.Marks), "time")} in all">{Show.Percent(share)}<span class="bar" aria-hidden="true"><i style="{bar}"></i><b style="{whisker}"></b></span></td>""");
    }
}
