using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>What each arm did on each group of tasks: passes and refusals side by side. Studies whose tasks have no groups have no such section.</summary>
internal static class GroupsSection
{
    /// <summary>The section; empty without groups.</summary>
    public static Html Of(ReportContext context)
    {
        var groups = context.Study.Results.Groups;
        if (groups.Count == 0)
            return Html.Empty;
        var arms = context.Study.Arms(StudyIndex.Test).ToDictionary(a => a.Name, StringComparer.Ordinal);
        var rows = groups.OrderBy(g => g.Group, StringComparer.Ordinal).Select(g => Row(context.Study, arms[g.Arm], g));
        return Element.Section("groups", "Groups of tasks", Html.Of($"""
            {Element.Table("Passes and refusals by group of tasks, test stage", ["Group", "Arm", "Refused/n>", "Refused>", "Wilson 95%>", "Passed/n>", "Pass rate>", "Wilson 95%>", "Refusing replies>"], rows)}
            <p class="small muted">Refused: trials in which at least half of the replies refuse. Refusing replies: of all replies. Trials without a reward are left out.</p>
            """), wide: true);
    }

    private static Html Row(StudyIndex study, ArmResult arm, GroupOutcome g) => Html.Of($"""
        <tr{Html.Text(study.Stands(arm) ? " class=strong" : "")}><th scope="row">{g.Group}</th><td title="{g.Arm}">{Legend.Swatch(arm.Kind)} {Show.Short(g.Arm, 48)}</td>
        {Element.Number($"{g.Refused}/{g.Trials}")}{Element.Number(Show.Percent((double)g.Refused / g.Trials))}<td class="n interval">{Show.Percent(g.RefusedInterval)}</td>
        {Element.Number($"{g.Passed}/{g.Trials}")}{Element.Number(Show.Percent((double)g.Passed / g.Trials))}<td class="n interval">{Show.Percent(g.PassedInterval)}</td>{Element.Number($"{g.Refusing}/{g.Replies}")}</tr>
        """);
}
