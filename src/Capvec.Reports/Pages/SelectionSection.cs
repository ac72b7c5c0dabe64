using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>The stage that chose the candidate, apart from the stage that tested it.</summary>
internal static class SelectionSection
{
    /// <summary>The section; empty where the study has no such stage.</summary>
    public static Html Of(ReportContext context)
    {
        var study = context.Study;
        if (study.Arms(StudyIndex.Selection).Count == 0)
            return Html.Empty;
        var shared = study.Tasks(StudyIndex.Selection).Intersect(study.Tasks(StudyIndex.Test)).Count();
        var apart = shared == 0
            ? "Its tasks are not the test stage's tasks."
            : $"{Show.Count(shared, "task")} of it {(shared == 1 ? "is" : "are")} in the test stage too.";
        return Element.Section("selection", "Selection stage", Html.Of($"""
            <p class="stage">These trials chose the layer and the strength. They are not evidence: the best of many arms looks better than it is. {apart}</p>
            {VerdictSection.Chart(context, StudyIndex.Selection)}
            {DoseSection.Panels(context, StudyIndex.Selection)}
            <h3>Every figure of the selection stage</h3>
            {ArmsSection.Table(study, StudyIndex.Selection)}
            <details><summary>Failure marks in the selection stage</summary>{MarksSection.Table(study, StudyIndex.Selection)}</details>
            <details><summary>Tasks by arms in the selection stage</summary>{TasksSection.Heat(study, StudyIndex.Selection)}</details>
            """), wide: true);
    }
}
