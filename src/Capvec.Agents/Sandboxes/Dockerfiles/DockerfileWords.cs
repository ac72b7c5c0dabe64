using System.Text;
using System.Text.Json;

namespace Capvec.Agents.Sandboxes.Dockerfiles;

/// <summary>Takes the words of an instruction apart: quotes, backslashes, $VARIABLES, and the JSON form.</summary>
internal static class DockerfileWords
{
    /// <summary>Words between blanks; quotes keep blanks together and are removed; variables are filled in but for single quotes.</summary>
    /// <exception cref="FormatException">A quote is not closed, or a variable is written in a form that is not supported.</exception>
    public static List<string> Split(string text, IReadOnlyDictionary<string, string> variables)
    {
        var words = new List<string>();
        var at = 0;
        while (true)
        {
            while (at < text.Length && char.IsWhiteSpace(text[at]))
                at++;
            if (at == text.Length)
                return words;
            words.Add(ReadWord(text, ref at, variables, toEnd: false));
        }
    }

    /// <summary>The whole text as one word, as in "ENV NAME some value".</summary>
    /// <exception cref="FormatException">As for <see cref="Split"/>.</exception>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables)
    {
        var at = 0;
        return ReadWord(text, ref at, variables, toEnd: true);
    }

    /// <summary>The words of ["a", "b"], or null where the text has not that form (Docker then takes it as plain text).</summary>
    public static List<string>? Json(string text)
    {
        if (!text.StartsWith('['))
            return null;
        try
        {
            return JsonSerializer.Deserialize<List<string?>>(text) is { } words && words.TrueForAll(w => w is not null) ? words.ConvertAll(w => w!) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string ReadWord(string text, ref int at, IReadOnlyDictionary<string, string> variables, bool toEnd)
    {
        var word = new StringBuilder();
        var quote = '\0';
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (quote == '\0' && !toEnd && char.IsWhiteSpace(c))
                break;
            if (c == quote && quote != '\0')
                quote = '\0';
            else if (quote == '\0' && (c is '"' or '\''))
                quote = c;
            else if (c == '\\' && quote != '\'' && at + 1 < text.Length && (quote == '\0' || text[at + 1] is '"' or '\\' or '$'))
                word.Append(text[++at]);
            else if (c == '$' && quote != '\'')
                word.Append(ReadVariable(text, ref at, variables));
            else
                word.Append(c);
        }

        return quote == '\0' ? word.ToString() : throw new FormatException($"the quote {quote} is never closed");
    }

    private static string ReadVariable(string text, ref int at, IReadOnlyDictionary<string, string> variables)
    {
        var braces = at + 1 < text.Length && text[at + 1] == '{';
        var from = at + (braces ? 2 : 1);
        var to = from;
        while (to < text.Length && (char.IsAsciiLetterOrDigit(text[to]) || text[to] == '_'))
            to++;
        if (to == from && !braces)
            return "$";
        if (to == from || (braces && (to == text.Length || text[to] != '}')))
            throw new FormatException($"only $NAME and ${{NAME}} are supported, found {text[at..Math.Min(text.Length, to + 1)]}");
        at = braces ? to : to - 1;
        return variables.GetValueOrDefault(text[from..to], "");
    }
}
