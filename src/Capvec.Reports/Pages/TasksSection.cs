using System.Globalization;
using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>Tasks by arms: how often each was passed.</summary>
internal static class TasksSection
{
    /// <summary>The section of the test stage, with the tasks that nothing passed.</summary>
    public static Html Of(ReportContext context)
    {
        var never = context.Study.Results.NeverPassed;
        var words = never.Count == 0
            ? "Every task was passed by some trial."
            : $"No trial of any arm passed {string.Join(", ", never.Select(n => $"{n.Key} ({Show.Count(n.Value, "trial")})"))}: what no arm can do says nothing about their difference.";
        return Element.Section("tasks", "Tasks", Html.Of($"<p>{words}</p>{Heat(context.Study, StudyIndex.Test)}"), wide: true);
    }

    /// <summary>The table of a stage.</summary>
    public static Html Heat(StudyIndex study, string stage)
    {
        var arms = study.Arms(stage);
        var tasks = study.Tasks(stage);
        if (arms.Count == 0 || tasks.Count == 0)
            return Element.Paragraph($"The {stage} stage has no trial yet.");
        var never = study.Results.NeverPassed.Select(n => n.Key).ToHashSet(StringComparer.Ordinal);
        var byTask = arms.ToDictionary(a => a.Name, a => study.Trials(stage, a.Name).ToLookup(t => t.Task), StringComparer.Ordinal);
        var upright = arms.Count > 5 || arms.Any(a => a.Name.Length > 14);
        var head = arms.Select(a => Html.Of($"""<th scope="col" title="{a.Name}"><span>{Show.Short(a.Name)}</span><br>{Legend.Swatch(a.Kind)}</th>"""));
        var rows = tasks.Select(task => Html.Of(
            $"""<tr{Html.Text(never.Contains(task) ? " class=never" : "")}><th scope="row" title="{task}">{task}</th>{arms.Select(a => Cell(task, a, [.. byTask[a.Name][task]]))}</tr>"""));
        var foot = arms.Select(a => Html.Of($"""<td title="{a.Name}: {a.Passed} of {a.Trials} passed">{Show.Percent(a.Rate)}</td>"""));
        return Html.Of($"""
            <div class="scroll" role="region" aria-label="Passed trials by task and arm, {stage} stage" tabindex="0">
            <table class="heat{(upright ? " upright" : "")}"><thead><tr><th scope="col" class="corner">Task</th>{head}</tr></thead><tbody>{rows}</tbody><tfoot><tr><th scope="row">pass rate</th>{foot}</tr></tfoot></table></div>
            <p class="small muted">Passed of trials with a reward; the deeper the colour, the larger the share. An asterisk says that trials without a reward are left out of the cell; – that there is no trial with a reward. Names in italics: passed by no trial of any arm.</p>
            """);
    }

    private static Html Cell(string task, ArmResult arm, IReadOnlyList<TrialRow> trials)
    {
        var counted = trials.Count(t => t.Reward is not null);
        var nulls = trials.Count - counted;
        var title = $"{task}, {arm.Name}: " + (nulls > 0 ? $"{Show.Count(nulls, "trial")} without a reward" : "");
        if (counted == 0)
            return Html.Of($"""<td class="none" title="{title}">{Show.None}{(nulls > 0 ? "*" : "")}</td>""");
        var passed = trials.Count(t => t.Passed);
        var share = ((double)passed / counted).ToString("0.###", CultureInfo.InvariantCulture);
        title = $"{task}, {arm.Name}: {passed} of {counted} passed" + (nulls > 0 ? $", {Show.Count(nulls, "trial")} without a reward" : "");
        return Html.Of($"""<td style="--share:{share}" title="{title}">{passed}/{counted}{(nulls > 0 ? "*" : "")}</td>""");
    }
}
