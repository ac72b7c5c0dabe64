using Capvec.Experiments.Results;
using Capvec.Reports.Charts;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Pages;

/// <summary>Pass rate over strength, a panel for each layer or set of layers.</summary>
internal static class DoseSection
{
    /// <summary>The section of the test stage.</summary>
    public static Html Of(ReportContext context) => Element.Section("dose", "Dose and response", Panels(context, StudyIndex.Test));

    /// <summary>The panels of a stage.</summary>
    public static Html Panels(ReportContext context, string stage)
    {
        var study = context.Study;
        var arms = study.Arms(stage).Where(a => a is { Strength: not null, Trials: > 0, Kind: ArmKind.Steered or ArmKind.Negative or ArmKind.Random or ArmKind.AlphaZero }).ToList();
        if (arms.Count == 0)
            return Element.Paragraph($"No arm of the {stage} stage has a strength and a trial with a reward.");

        var basis = study.Base(stage) is { Trials: > 0 } b ? b : null;
        var unit = Show.Unit(study.Results.StrengthUnit);
        var ticks = arms.Select(a => a.Strength!.Value).Append(0).Distinct().Order().ToList();
        var margin = Math.Max((ticks[^1] - ticks[0]) * 0.09, 1e-6);
        var groups = arms.GroupBy(a => string.Join(',', a.Layers)).OrderBy(g => g.First().Layers.Count).ThenBy(g => g.First().Layers.FirstOrDefault()).ToList();
        var panels = groups.Select(group =>
        {
            var taken = new Dictionary<(double, ArmKind), int>();
            var points = group.OrderBy(a => a.Strength).Select(a =>
            {
                var key = (a.Strength!.Value, a.Kind);
                taken[key] = taken.GetValueOrDefault(key) + 1;
                return new DosePoint(a.Strength.Value, a.Rate, a.Wilson.Lower, a.Wilson.Upper, ChartList.KindName(a.Kind), a.Kind is ArmKind.Steered or ArmKind.Negative, taken[key] - 1,
                    [a.Name, $"strength {Show.Strength(a.Strength)}: {Show.Percent(a.Rate)} [{Show.Percent(a.Wilson)}], {a.Passed} of {a.Trials} passed"]);
            }).ToList();
            if (basis is not null)
                points.Add(new DosePoint(0, basis.Rate, basis.Wilson.Lower, basis.Wilson.Upper, ChartList.KindName(ArmKind.Base), true, 0,
                    [basis.Name, $"no steering: {Show.Percent(basis.Rate)} [{Show.Percent(basis.Wilson)}], {basis.Passed} of {basis.Trials} passed"]));
            var chart = new DoseChart($"strength, {unit}", ticks[0] - margin, ticks[^1] + margin, ticks, basis?.Rate, basis?.Wilson.Lower, basis?.Wilson.Upper, points);
            var title = Title(group.First().Layers);
            var label = $"{title}: " + string.Join("; ", points.Select(p => string.Join(", ", p.Detail)));
            var n = group.Select(a => a.Trials).Distinct().Order().ToList();
            var each = n.Count == 1 ? $"n {n[0]} an arm" : $"n {n[0]} to {n[^1]} an arm";
            return Html.Of($"""<div class="panel"><h4>{title} <span class="muted">· {each}</span></h4>{context.Charts.Add(chart, label)}</div>""");
        }).ToList();

        var rows = groups.SelectMany(g => g.OrderBy(a => a.Strength)).Select(a => Html.Of(
            $"""<tr><td>{Show.Layers(a.Layers)}</td>{Element.Number(Show.Strength(a.Strength))}{Element.Number(Show.Strength(a.Alpha))}<td>{Show.Kind(a.Kind)}</td><td>{a.Name}</td>{Element.Number($"{a.Passed}/{a.Trials}")}{Element.Number(Show.Percent(a.Rate))}<td class="n interval">{Show.Percent(a.Wilson)}</td></tr>"""));
        var table = Element.Table($"Dose and response, {stage} stage", ["Layers", "Strength>", "Alpha>", "Kind", "Arm", "Passed/n>", "Pass rate>", "Wilson 95%>"], rows);
        var caption = $"Pass rate over strength in {unit}, {stage} stage, a panel for each layer. Bars are Wilson 95% intervals."
            + (arms.Any(a => a.Kind == ArmKind.Random) ? " Random directions have the same length as the direction at that strength." : "")
            + (arms.Any(a => a.Kind == ArmKind.Negative) ? " Negative strengths are the direction reversed." : "");
        return ChartFigure.Of(Html.Of($"""<div class="panels">{panels}</div>"""), Legend.Of(arms.Select(a => a.Kind), baseLine: basis is not null), caption, table, single: false);
    }

    /// <summary>The name of a panel.</summary>
    private static string Title(IReadOnlyList<int> layers) => layers.Count switch
    {
        0 => "No layer named",
        1 => $"Layer {Show.Layers(layers)}",
        _ => $"Layers {Show.Layers(layers)} at once",
    };
}
