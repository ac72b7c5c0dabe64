using System.Text;

namespace Capvec.Reports.Markup;

/// <summary>Markdown that shows what it is given as it is, whatever a task name or a study file holds.</summary>
internal static class Markdown
{
    private const string Special = @"\`*_{}[]<>#|~";

    /// <summary>Text for a line or a table cell: on one line, with Markdown's signs escaped.</summary>
    public static string Text(string? text)
    {
        var escaped = new StringBuilder();
        foreach (var c in (text ?? "").ReplaceLineEndings(" "))
        {
            if (Special.Contains(c, StringComparison.Ordinal))
                escaped.Append('\\');
            escaped.Append(char.IsControl(c) ? '\uFFFD' : c);
        }

        return escaped.ToString();
    }

    /// <summary>A fenced block; the fence is longer than any row of backticks inside.</summary>
    public static string Fence(string language, string text)
    {
        var longest = 2;
        var run = 0;
        foreach (var c in text)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        var fence = new string('`', longest + 1);
        return $"{fence}{language}\n{text.ReplaceLineEndings("\n").TrimEnd('\n')}\n{fence}\n";
    }

    /// <summary>A table. Cells are escaped here; columns whose heading ends in "&gt;" are aligned right (the sign is dropped).</summary>
    public static string Table(IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows)
    {
        var table = new StringBuilder();
        table.Append("| ").AppendJoin(" | ", headings.Select(h => Text(h.TrimEnd('>')))).Append(" |\n");
        table.Append("| ").AppendJoin(" | ", headings.Select(h => h.EndsWith('>') ? "---:" : "---")).Append(" |\n");
        foreach (var row in rows)
            table.Append("| ").AppendJoin(" | ", row.Select(Text)).Append(" |\n");
        return table.ToString();
    }
}
