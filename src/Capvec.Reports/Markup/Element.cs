namespace Capvec.Reports.Markup;

/// <summary>The few pieces of markup that every section uses.</summary>
internal static class Element
{
    /// <summary>A section with its heading; <paramref name="id"/> is the program's own.</summary>
    public static Html Section(string id, string heading, Html body, bool wide = false) =>
        Html.Of($"""<section id="{id}"{Html.Text(wide ? " class=wide" : "")}><h2>{heading}</h2>{body}</section>""");

    /// <summary>A paragraph.</summary>
    public static Html Paragraph(string text) => Html.Of($"<p>{text}</p>\n");

    /// <summary>A table that scrolls inside itself where the page is narrower. Headings that end in "&gt;" align right.</summary>
    public static Html Table(string label, IReadOnlyList<string> headings, IEnumerable<Html> rows)
    {
        var head = headings.Select(h => h.EndsWith('>') ? Html.Of($"""<th scope="col" class="n">{h[..^1]}</th>""") : Html.Of($"""<th scope="col">{h}</th>"""));
        return Html.Of($"""<div class="scroll" role="region" aria-label="{label}" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>""");
    }

    /// <summary>A cell with a figure.</summary>
    public static Html Number(string text) => Html.Of($"""<td class="n">{text}</td>""");

    /// <summary>A cell with words.</summary>
    public static Html Cell(string text) => Html.Of($"<td>{text}</td>");
}
