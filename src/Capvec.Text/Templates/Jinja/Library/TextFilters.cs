using System.Text;
using System.Text.RegularExpressions;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>
/// Filters on text. Automatic escaping is off, as in transformers, so <c>safe</c> changes nothing; text that was escaped or marked safe
/// is ordinary text here and does not escape what is added to it.
/// </summary>
internal static partial class TextFilters
{
    /// <summary>The filters by name.</summary>
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>
    {
        ["capitalize"] = OnText(PyText.Capitalize),
        ["center"] = (run, value, arguments) => StringMethods.Center(run, PyPrint.Str(run, value), arguments.Bind("width").Int(0, 80), " "),
        ["e"] = OnText(Escape),
        ["escape"] = OnText(Escape),
        ["forceescape"] = OnText(Escape),
        ["format"] = Format,
        ["indent"] = Indent,
        ["lower"] = OnText(PyText.Lower),
        ["replace"] = Replace,
        ["safe"] = OnText(text => text),
        ["string"] = OnText(text => text),
        ["title"] = OnText(Title),
        ["tojson"] = ToJson,
        ["trim"] = (run, value, arguments) => run.Built(PyText.Trim(PyPrint.Str(run, value), arguments.Bind("chars").TextOrNone(0), left: true, right: true)),
        ["truncate"] = Truncate,
        ["upper"] = OnText(PyText.Upper),
        ["urlencode"] = (run, value, arguments) =>
        {
            arguments.Bind();
            return run.Built(Uri.EscapeDataString(string.Concat(TextOf(value, arguments).EnumerateRunes())).Replace("%2F", "/", StringComparison.Ordinal));
        },
        ["wordcount"] = (run, value, arguments) => { arguments.Bind(); return (long)Words().Count(PyPrint.Str(run, value)); },
    };

    private static Filter OnText(Func<string, string> change) => (run, value, arguments) =>
    {
        arguments.Bind();
        return run.Built(change(PyPrint.Str(run, value)));
    };

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            _ = character switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '\'' => escaped.Append("&#39;"),
                '"' => escaped.Append("&#34;"),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }

    private static object? Format(Evaluation run, object? value, Arguments arguments)
    {
        if (arguments.Positional.Count > 0 && arguments.Named.Count > 0)
            throw new JinjaException("format takes values by place or by name, not both");
        object values = arguments.Named.Count > 0 ? new PyDict(arguments.Named.Select(named => ((object?)named.Name, named.Value))) : new PyTuple(arguments.Positional);
        return PyFormat.Percent(run, PyPrint.Str(run, value), values);
    }

    private static object? Indent(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("width", "first", "blank");
        var indent = bound.Value(0, 4L) is string given ? given : new string(' ', Math.Clamp(bound.Int(0, 4), 0, 1000));
        var lines = PyText.Lines(TextOf(value, arguments) + "\n");
        run.Reserve((long)lines.Count * indent.Length);
        var blank = bound.Truth(2, missing: false);
        var text = string.Join('\n', lines.Select((line, i) => i == 0 || (line.Length == 0 && !blank) ? line : indent + line));
        return run.Built(bound.Truth(1, missing: false) ? indent + text : text);
    }

    private static object? Replace(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("old", "new", "count");
        return StringMethods.Replace(run, PyPrint.Str(run, value), PyPrint.Str(run, bound.Value(0)), PyPrint.Str(run, bound.Value(1)), bound.IntOrNone(2) ?? -1);
    }

    // Some filters do not turn other values into text first, unlike the rest.
    private static string TextOf(object? value, Arguments arguments) => value switch
    {
        string text => text,
        Undefined undefined => throw undefined.Used(),
        _ => throw new JinjaException($"{arguments.Callee} wants text, not a {PyTypes.NameOf(value)}"),
    };

    private static string Title(string text) => string.Concat(WordBeginnings().Split(text).Select(PyText.Capitalize));

    private static object? ToJson(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("ensure_ascii", "indent", "separators", "sort_keys");
        var indent = bound.Value(1, null) switch
        {
            null => null,
            string text => text,
            _ => new string(' ', Math.Clamp(bound.Int(1), 0, 1000)),
        };
        (string, string)? separators = bound.Value(2, null) switch
        {
            null => null,
            PySequence { Items: [string item, string key] } => (item, key),
            _ => throw bound.Wrong(2, "two strings"),
        };
        return PyJson.Write(run, value, indent, separators, bound.Truth(3, missing: false), bound.Truth(0, missing: false));
    }

    private static object? Truncate(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("length", "killwords", "end", "leeway");
        var (length, end) = (bound.Int(0, 255), bound.Text(2, "..."));
        if (length < PyText.Length(end))
            throw new JinjaException("truncate wants a length that leaves room for its end");
        if (PyAccess.Length(value) <= (long)length + (bound.IntOrNone(3) ?? 5))
            return value;
        var text = TextOf(value, arguments);
        var cut = text[..PyText.CharIndex(text, length - PyText.Length(end))];
        if (!bound.Truth(1, missing: false) && cut.LastIndexOf(' ') is var space and >= 0)
            cut = cut[..space];
        return run.Built(cut + end);
    }

    [GeneratedRegex(@"\w+")]
    private static partial Regex Words();

    [GeneratedRegex(@"([-\s({\[<]+)")]
    private static partial Regex WordBeginnings();
}
