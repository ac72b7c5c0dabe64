using System.Globalization;
using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>Splits a Dockerfile into instructions: comments out, continued lines joined.</summary>
internal static class DockerfileLines
{
    /// <summary>Splits a text.</summary>
    /// <exception cref="CapvecException">The escape character is not the backslash.</exception>
    public static IEnumerable<DockerfileInstruction> Split(string text, string file)
    {
        var lines = text.TrimStart('\uFEFF').ReplaceLineEndings("\n").Split('\n');
        var joined = new StringBuilder();
        var first = 0;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (line.StartsWith('#'))
            {
                RefuseOtherEscape(line, file, i + 1);
                continue;
            }

            // An empty line inside a continued instruction is passed over, as Docker does (with a warning).
            if (line.Length == 0)
                continue;
            if (joined.Length == 0)
                first = i + 1;
            if (line.EndsWith('\\'))
            {
                joined.Append(lines[i].TrimEnd().AsSpan()[..^1]);
                continue;
            }

            joined.Append(joined.Length == 0 ? line : lines[i].TrimEnd());
            yield return Cut(joined.ToString(), first);
            joined.Clear();
        }

        if (!string.IsNullOrWhiteSpace(joined.ToString()))
            yield return Cut(joined.ToString(), first);
    }

    private static DockerfileInstruction Cut(string joined, int line)
    {
        var text = joined.Trim();
        var end = text.AsSpan().IndexOfAny(' ', '\t');
        return end < 0 ? new(line, text.ToUpperInvariant(), "") : new(line, text[..end].ToUpperInvariant(), text[end..].Trim());
    }

    private static void RefuseOtherEscape(string comment, string file, int line)
    {
        var directive = comment[1..].Replace(" ", "", StringComparison.Ordinal);
        if (directive.StartsWith("escape=", StringComparison.OrdinalIgnoreCase) && directive != "escape=\\")
            throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"{file}, line {line}: another escape character than the backslash is not supported. Use the backslash."));
    }
}
