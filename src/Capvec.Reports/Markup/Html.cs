using System.Text;

namespace Capvec.Reports.Markup;

/// <summary>
/// Markup that is safe to put into a page. It is made only by <see cref="Of"/>, whose literal parts are the program's own markup
/// and whose holes are escaped, so that nothing a model, a task or a study file says can become markup.
/// </summary>
internal readonly struct Html
{
    private readonly string? _markup;

    private Html(string markup) => _markup = markup;

    /// <summary>No markup.</summary>
    public static Html Empty => default;

    /// <summary>The markup itself.</summary>
    public override string ToString() => _markup ?? "";

    /// <summary>Markup from an interpolated string; every hole that is not <see cref="Html"/> itself is escaped.</summary>
    public static Html Of(HtmlHandler handler) => new(handler.ToString());

    /// <summary>Plain text as markup.</summary>
    public static Html Text(string? text) => new(Escape(text));

    /// <summary>One piece after the other.</summary>
    public static Html Join(IEnumerable<Html> pieces) => new(string.Concat(pieces.Select(p => p.ToString())));

    /// <summary>The program's own style sheet, for the inside of a style element.</summary>
    /// <exception cref="InvalidOperationException">The text would end its element.</exception>
    public static Html Style(string sheet) => Raw(sheet, "</style");

    /// <summary>The program's own script, or JSON that it wrote, for the inside of a script element.</summary>
    /// <exception cref="InvalidOperationException">The text would end its element or change how it is read.</exception>
    public static Html Script(string script) => Raw(script, "</script", "<script", "<!--");

    private static Html Raw(string text, params ReadOnlySpan<string> forbidden)
    {
        foreach (var sign in forbidden)
        {
            if (text.Contains(sign, StringComparison.OrdinalIgnoreCase))
                throw new InvalidOperationException($"an embedded style sheet or script must not hold {sign}");
        }

        return new(text);
    }

    /// <summary>Escapes text for element content and for quoted attributes; characters that no HTML document may hold become U+FFFD.</summary>
    internal static string Escape(string? text)
    {
        if (string.IsNullOrEmpty(text))
            return "";
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '&': escaped.Append("&amp;"); break;
                case '<': escaped.Append("&lt;"); break;
                case '>': escaped.Append("&gt;"); break;
                case '"': escaped.Append("&quot;"); break;
                case '\'': escaped.Append("&#39;"); break;
                case '\r': escaped.Append("&#13;"); break;
                case '\n' or '\t': escaped.Append((char)rune.Value); break;
                case < 0x20 or (>= 0x7f and <= 0x9f): escaped.Append('\uFFFD'); break;
                default: escaped.Append(rune.ToString()); break;
            }
        }

        return escaped.ToString();
    }
}
