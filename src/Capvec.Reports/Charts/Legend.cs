using Capvec.Experiments.Results;
using Capvec.Reports.Figures;
using Capvec.Reports.Markup;

namespace Capvec.Reports.Charts;

/// <summary>Colour and shape of each kind of arm, the same as the page's script draws.</summary>
internal static class Legend
{
    /// <summary>The mark of a kind of arm.</summary>
    public static Html Swatch(ArmKind kind)
    {
        var colour = Html.Of($"var(--arm-{ChartList.KindName(kind)})");
        var shape = kind switch
        {
            ArmKind.AgainstItself => Html.Of($"""<path d="M6 1 11 6 6 11 1 6Z" fill="none" stroke-width="2" style="stroke:{colour}"/>"""),
            ArmKind.Adapter => Html.Of($"""<path d="M1.5 1.5h9v9h-9Z" style="fill:{colour}"/>"""),
            ArmKind.Random => Html.Of($"""<path d="M6 .5 11.5 11H.5Z" style="fill:{colour}"/>"""),
            ArmKind.Negative => Html.Of($"""<path d="M6 11.5 11.5 1H.5Z" style="fill:{colour}"/>"""),
            ArmKind.AlphaZero => Html.Of($"""<circle cx="6" cy="6" r="4.5" fill="none" stroke-width="2" style="stroke:{colour}"/>"""),
            _ => Html.Of($"""<circle cx="6" cy="6" r="5.5" style="fill:{colour}"/>"""),
        };
        return Html.Of($"""<svg class="swatch" viewBox="0 0 12 12" aria-hidden="true">{shape}</svg>""");
    }

    /// <summary>The legend of the kinds that are there, in their order, with base's line where one is drawn.</summary>
    public static Html Of(IEnumerable<ArmKind> kinds, bool baseLine)
    {
        var items = kinds.Distinct().Order().Where(k => !baseLine || k != ArmKind.Base).Select(k => Html.Of($"<li>{Swatch(k)}{Show.Kind(k)}</li>"));
        var line = baseLine
            ? Html.Of($"""<li><svg class="swatch line" viewBox="0 0 24 12" aria-hidden="true"><path d="M0 0h24v12H0Z" style="fill:var(--ink)" opacity=".07"/><path d="M0 6h24" style="stroke:var(--ink)" stroke-dasharray="4 3"/></svg>base with its 95% interval</li>""")
            : Html.Empty;
        return Html.Of($"""<ul class="legend">{line}{items}</ul>""");
    }
}
