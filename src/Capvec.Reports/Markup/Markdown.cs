using System.Text;

namespace Capvec.Reports.Markup;

/// <summary>Markdown that shows what it is given as it is, whatever a task name or a study file holds.</summary>
internal static class Markdown
{
    /// <summary>Text for a line or a table cell: on one line, with the signs escaped that Markdown would obey where they stand.</summary>
    public static string Text(string? text) => Escape(text, atStart: true);

    private static string Escape(string? text, bool atStart)
    {
        var line = (text ?? "").ReplaceLineEndings(" ");
        var escaped = new StringBuilder(line.Length + 8);
        var brackets = !BracketsArePlain(line);
        for (var i = 0; i < line.Length; i++)
        {
            if (IsSign(line, i, atStart) || (brackets && (line[i] is '[' or ']')))
                escaped.Append('\\');
            escaped.Append(char.IsControl(line[i]) ? '\uFFFD' : line[i]);
        }

        return escaped.ToString();
    }

    // "p < 0.001", "[−3.1 to +4.2]" and parse_fail stay readable as they are; <b>, [a](b) and _a_ are taken apart.
    private static bool IsSign(string line, int i, bool atStart)
    {
        var before = i > 0 ? line[i - 1] : ' ';
        var after = i + 1 < line.Length ? line[i + 1] : ' ';
        return line[i] switch
        {
            '\\' or '`' or '*' or '|' or '~' => true,
            '_' => !(char.IsLetterOrDigit(before) && char.IsLetterOrDigit(after)),
            '<' => char.IsAsciiLetter(after) || after is '/' or '!' or '?',
            '&' => char.IsAsciiLetter(after) || after == '#',
            '#' or '>' or '-' or '+' or '=' => atStart && i == 0,
            _ => false,
        };
    }

    // Brackets in pairs, one after the other, that no link or image could be made of.
    private static bool BracketsArePlain(string line)
    {
        var open = false;
        for (var i = 0; i < line.Length; i++)
        {
            var after = i + 1 < line.Length ? line[i + 1] : ' ';
            if (line[i] is not ('[' or ']'))
                continue;
            if ((line[i] == '[') == open || (line[i] == ']' && after is ('(' or '[' or ':')) || (line[i] == '[' && i > 0 && line[i - 1] == '!'))
                return false;
            open = !open;
        }

        return !open;
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
            table.Append("| ").AppendJoin(" | ", row.Select(cell => Escape(cell, atStart: false))).Append(" |\n");
        return table.ToString();
    }
}
