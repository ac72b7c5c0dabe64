using Capvec.Experiments.Results;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;
using Capvec.Reports.Pages;

namespace Capvec.Reports.Bundle;

/// <summary>RESULTS.md: the verdict and its tables.</summary>
internal static class ResultsMarkdown
{
    /// <summary>Writes the file.</summary>
    public static string Write(StudyIndex study)
    {
        var verdict = study.Results.Verdict;
        var notes = string.Concat(verdict.Notes.Select(n => $"- {Markdown.Text(n)}\n"));
        var never = study.Results.NeverPassed.Count == 0
            ? "Every task was passed by some trial."
            : string.Join('\n', study.Results.NeverPassed.Select(n => $"- {Markdown.Text(n.Key)}: 0 of {Show.Count(n.Value, "trial")}"));
        return $"""
            # Results: {Markdown.Text(study.Results.Name)}

            **{VerdictSection.Kind(verdict.Kind)}.** {Markdown.Text(verdict.Sentence)}

            {notes}
            ## Test stage

            {Arms(study, StudyIndex.Test)}
            {Groups(study.Results)}{Pairs(study)}
            ### Failure marks, share of trials

            {Marks(study, StudyIndex.Test)}
            ### Tasks that no trial passed

            {never}

            ### Controls

            {Markdown.Table(["Control", "Has to be", "Was"], ControlReading.Of(study).Select(c => (IReadOnlyList<string>)[c.Arm?.Name ?? Show.Kind(c.Kind), c.Expected, c.Found]))}
            ## Selection stage

            These trials chose the layer and the strength; they are not evidence.

            {Arms(study, StudyIndex.Selection)}
            ## What this study cannot tell

            {string.Join('\n', Limits.Of(study).Select(l => $"- {Markdown.Text(l)}"))}

            """;
    }

    private static string Arms(StudyIndex study, string stage)
    {
        var arms = study.Arms(stage);
        return arms.Count == 0
            ? "No trial.\n"
            : Markdown.Table(["Arm", "Passed/n>", "Pass rate>", "Wilson 95%>", "Paired difference, points>", "95%>", "Paired p>", "Fisher two-sided>", "greater>", "less>", "Holm>", "Null>"],
                arms.Select(a => (IReadOnlyList<string>)[a.Name, $"{a.Passed}/{a.Trials}", Show.Percent(a.Rate), a.Trials == 0 ? Show.None : Show.Percent(a.Wilson), .. Compared(a.AgainstBase), Show.Count(a.Nulls)]));
    }

    private static string Groups(StudyResults results) => results.Groups.Count == 0
        ? ""
        : $"### Groups of tasks\n\nRefused: trials in which at least half of the replies refuse.\n\n" + Markdown.Table(
            ["Group", "Arm", "Refused/n>", "Refused>", "Wilson 95%>", "Passed/n>", "Pass rate>", "Wilson 95%>", "Refusing replies>"],
            results.Groups.OrderBy(g => g.Group, StringComparer.Ordinal).Select(g => (IReadOnlyList<string>)[g.Group, g.Arm, $"{g.Refused}/{g.Trials}", Show.Percent((double)g.Refused / g.Trials), Show.Percent(g.RefusedInterval),
                $"{g.Passed}/{g.Trials}", Show.Percent((double)g.Passed / g.Trials), Show.Percent(g.PassedInterval), $"{g.Refusing}/{g.Replies}"])) + "\n";

    private static string[] Compared(Comparison? c) => c is null
        ? ["", "", "", "", "", "", ""]
        : [Show.Points(c.PairedDifference), Show.Points(c.PairedInterval), Show.P(c.PairedP), Show.P(c.FisherTwoSided), Show.P(c.FisherGreater), Show.P(c.FisherLess), Show.P(c.Holm)];

    private static string Pairs(StudyIndex study)
    {
        if (study.Base(StudyIndex.Test) is not { } basis || study.Candidate is not { } candidate)
            return "";
        var counts = PairCounts.Of(study.Pairs(StudyIndex.Test, basis.Name, candidate.Name));
        return $"{Markdown.Text(candidate.Name)} against {Markdown.Text(basis.Name)} on the same task, attempt and seed, {Show.Count(counts.Total, "pair")}: {counts.OnlyRight} only {Markdown.Text(candidate.Name)} passed, "
            + $"{counts.OnlyLeft} only {Markdown.Text(basis.Name)}, {counts.Both} both, {counts.Neither} neither.\n";
    }

    private static string Marks(StudyIndex study, string stage)
    {
        var arms = study.Arms(stage);
        return arms.Count == 0 ? "No trial.\n" : Markdown.Table(["Arm", "Trials>", .. MarkShare.All.Select(m => m.Name + ">")], arms.Select(a =>
        {
            var trials = study.Trials(stage, a.Name).Count();
            return (IReadOnlyList<string>)[a.Name, Show.Count(trials), .. MarkShare.All.Select(m => m.Of(study, a)).Select(x => x.Trials == 0 ? Show.None : Show.Percent((double)x.Marked / x.Trials))];
        }));
    }
}
