using System.Text;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Methods of text, as Python's str has them.</summary>
internal static class StringMethods
{
    private delegate object? Method(Evaluation run, string text, Arguments arguments);

    private static readonly Dictionary<string, Method> All = new()
    {
        ["capitalize"] = OnText(PyText.Capitalize),
        ["casefold"] = OnText(text => PyText.Lower(text.Replace("ß", "ss", StringComparison.Ordinal))),
        ["center"] = (run, text, arguments) => { var bound = arguments.Bind("width", "fillchar"); return Center(run, text, bound.Int(0), bound.Text(1, " ")); },
        ["count"] = Count,
        ["endswith"] = (_, text, arguments) => Affix(text, arguments, (part, affix) => part.EndsWith(affix, StringComparison.Ordinal)),
        ["find"] = (run, text, arguments) => Find(run, text, arguments, last: false),
        ["format"] = PyFormat.Braces,
        ["index"] = (run, text, arguments) => Find(run, text, arguments, last: false) is var at and >= 0 ? at : throw new JinjaException("index: the text is not in it"),
        ["isalnum"] = Every(piece => char.IsLetter(piece, 0) || char.IsNumber(piece, 0)),
        ["isalpha"] = Every(piece => char.IsLetter(piece, 0)),
        ["isascii"] = (_, text, arguments) => { arguments.Bind(); return Ascii.IsValid(text); },
        ["isdecimal"] = Every(piece => char.IsDigit(piece, 0)),
        ["isdigit"] = Every(piece => char.IsDigit(piece, 0) || "²³¹⁰⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".Contains(piece, StringComparison.Ordinal)),
        ["islower"] = (_, text, arguments) => { arguments.Bind(); return PyText.IsLower(text); },
        ["isnumeric"] = Every(piece => char.IsNumber(piece, 0)),
        ["isspace"] = Every(piece => PyText.IsWhiteSpace(piece[0])),
        ["isupper"] = (_, text, arguments) => { arguments.Bind(); return PyText.IsUpper(text); },
        ["join"] = Join,
        ["ljust"] = (run, text, arguments) => { var bound = arguments.Bind("width", "fillchar"); return Padded(run, text, 0, Missing(text, bound.Int(0)), bound.Text(1, " ")); },
        ["lower"] = OnText(PyText.Lower),
        ["lstrip"] = (run, text, arguments) => run.Built(PyText.Trim(text, arguments.Bind("chars").TextOrNone(0), left: true, right: false)),
        ["partition"] = (run, text, arguments) => Partition(run, text, arguments.Bind("sep").Text(0), last: false),
        ["removeprefix"] = (run, text, arguments) => arguments.Bind("prefix").Text(0) is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? run.Built(text[prefix.Length..]) : text,
        ["removesuffix"] = (run, text, arguments) => arguments.Bind("suffix").Text(0) is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? run.Built(text[..^suffix.Length]) : text,
        ["replace"] = (run, text, arguments) => { var bound = arguments.Bind("old", "new", "count"); return Replace(run, text, bound.Text(0), bound.Text(1), bound.Int(2, -1)); },
        ["rfind"] = (run, text, arguments) => Find(run, text, arguments, last: true),
        ["rindex"] = (run, text, arguments) => Find(run, text, arguments, last: true) is var at and >= 0 ? at : throw new JinjaException("rindex: the text is not in it"),
        ["rjust"] = (run, text, arguments) => { var bound = arguments.Bind("width", "fillchar"); return Padded(run, text, Missing(text, bound.Int(0)), 0, bound.Text(1, " ")); },
        ["rpartition"] = (run, text, arguments) => Partition(run, text, arguments.Bind("sep").Text(0), last: true),
        ["rsplit"] = (run, text, arguments) => Split(run, text, arguments, fromEnd: true),
        ["rstrip"] = (run, text, arguments) => run.Built(PyText.Trim(text, arguments.Bind("chars").TextOrNone(0), left: false, right: true)),
        ["split"] = (run, text, arguments) => Split(run, text, arguments, fromEnd: false),
        ["splitlines"] = (run, text, arguments) => { run.Reserve(text.Length); var lines = PyText.Lines(text, arguments.Bind("keepends").Truth(0, missing: false)); run.Step(lines.Count); return new PyList([.. lines]); },
        ["startswith"] = (_, text, arguments) => Affix(text, arguments, (part, affix) => part.StartsWith(affix, StringComparison.Ordinal)),
        ["strip"] = (run, text, arguments) => run.Built(PyText.Trim(text, arguments.Bind("chars").TextOrNone(0), left: true, right: true)),
        ["swapcase"] = OnText(text => string.Concat(PyText.CodePoints(text).Select(piece => char.IsUpper(piece, 0) ? PyText.Lower(piece) : PyText.Upper(piece)))),
        ["title"] = OnText(PyText.Title),
        ["upper"] = OnText(PyText.Upper),
        ["zfill"] = ZFill,
    };

    /// <summary>The method of that name, bound to its text.</summary>
    public static bool TryBind(string text, string name, out object? method)
    {
        method = All.TryGetValue(name, out var found) ? new Function((run, arguments) => found(run, text, arguments)) : null;
        return method is not null;
    }

    /// <summary>center(); an odd remainder goes where Python puts it.</summary>
    public static string Center(Evaluation run, string text, int width, string fill)
    {
        var missing = Missing(text, width);
        var left = (missing / 2) + (missing & width & 1);
        return Padded(run, text, left, missing - left, fill);
    }

    /// <summary>replace(); a negative count replaces all.</summary>
    public static string Replace(Evaluation run, string text, string old, string with, int count)
    {
        run.StepSearch(text, old);
        var replaced = new StringBuilder();
        var at = 0;
        for (var done = 0; count < 0 || done < count; done++)
        {
            run.Step();
            // An empty text is found before each character and at the end.
            var next = old.Length > 0 ? text.IndexOf(old, at, StringComparison.Ordinal) : done == 0 ? 0 : at < text.Length ? at + (char.IsSurrogatePair(text, at) ? 2 : 1) : -1;
            if (next < 0)
                break;
            run.Reserve(with.Length);
            replaced.Append(text, at, next - at).Append(with);
            at = next + old.Length;
        }

        return run.Built(replaced.Append(text, at, text.Length - at).ToString());
    }

    private static Method OnText(Func<string, string> change) => (run, text, arguments) =>
    {
        arguments.Bind();
        return run.Built(change(text));
    };

    private static Method Every(Func<string, bool> test) => (run, text, arguments) =>
    {
        arguments.Bind();
        run.Step(text.Length);
        return text.Length > 0 && PyText.CodePoints(text).All(test);
    };

    private static object? Count(Evaluation run, string text, Arguments arguments)
    {
        var bound = arguments.Bind("sub", "start", "end");
        var sub = bound.Text(0);
        run.StepSearch(text, sub);
        var part = Part(text, bound, out _);
        if (sub.Length == 0)
            return (long)PyText.Length(part) + 1;
        var count = 0L;
        for (var at = part.IndexOf(sub, StringComparison.Ordinal); at >= 0; at = part.IndexOf(sub, at + sub.Length, StringComparison.Ordinal))
            count++;
        return count;
    }

    private static object? Affix(string text, Arguments arguments, Func<string, string, bool> has)
    {
        var bound = arguments.Bind("affix", "start", "end");
        var part = Part(text, bound, out _);
        return bound.Value(0) is PyTuple several
            ? several.Items.Any(affix => has(part, affix as string ?? throw new JinjaException($"{arguments.Callee} wants strings")))
            : has(part, bound.Text(0));
    }

    private static long Find(Evaluation run, string text, Arguments arguments, bool last)
    {
        var bound = arguments.Bind("sub", "start", "end");
        var sub = bound.Text(0);
        run.StepSearch(text, sub);
        var part = Part(text, bound, out var start);
        var at = last ? part.LastIndexOf(sub, StringComparison.Ordinal) : part.IndexOf(sub, StringComparison.Ordinal);
        return at < 0 ? -1 : PyText.CodePointIndex(text, start + at);
    }

    // The arguments start and end, at places 1 and 2, count code points and may be negative.
    private static string Part(string text, Arguments.Bound bound, out int start)
    {
        var length = PyText.Length(text);
        int Clip(int? given, int missing) => given is not { } place ? missing : Math.Clamp(place < 0 ? place + length : place, 0, length);
        start = PyText.CharIndex(text, Clip(bound.IntOrNone(1), 0));
        var end = PyText.CharIndex(text, Clip(bound.IntOrNone(2), length));
        return start < end ? text[start..end] : "";
    }

    private static object? Join(Evaluation run, string text, Arguments arguments)
    {
        var parts = PyAccess.Iterate(run, arguments.Bind("iterable").Value(0))
            .Select(item => item as string ?? throw new JinjaException($"join wants strings, not a {PyTypes.NameOf(item)}")).ToList();
        run.Reserve((text.Length * (long)parts.Count) + parts.Sum(part => (long)part.Length));
        return string.Join(text, parts);
    }

    private static PyTuple Partition(Evaluation run, string text, string separator, bool last)
    {
        run.StepSearch(text, separator);
        if (separator.Length == 0)
            throw new JinjaException("partition wants a separator that is not empty");
        var at = last ? text.LastIndexOf(separator, StringComparison.Ordinal) : text.IndexOf(separator, StringComparison.Ordinal);
        return at >= 0 ? new PyTuple([text[..at], separator, text[(at + separator.Length)..]])
            : last ? new PyTuple(["", "", text]) : new PyTuple([text, "", ""]);
    }

    private static object? Split(Evaluation run, string text, Arguments arguments, bool fromEnd)
    {
        var bound = arguments.Bind("sep", "maxsplit");
        var most = bound.Int(1, -1);
        run.Reserve(text.Length);
        if (bound.TextOrNone(0) is not { } separator)
            return Result(run, SplitAtSpace(text, most, fromEnd));
        if (separator.Length == 0)
            throw new JinjaException("split wants a separator that is not empty");
        run.StepSearch(text, separator);
        if (!fromEnd)
            return Result(run, text.Split(separator, most < 0 ? int.MaxValue : most == int.MaxValue ? most : most + 1));
        var parts = new List<string>();
        var end = text.Length;
        while ((most < 0 || parts.Count < most) && end > 0 && text.LastIndexOf(separator, end - 1, StringComparison.Ordinal) is var at and >= 0)
        {
            parts.Add(text[(at + separator.Length)..end]);
            end = at;
        }

        parts.Add(text[..end]);
        parts.Reverse();
        return Result(run, parts);
    }

    private static List<string> SplitAtSpace(string text, int most, bool fromEnd)
    {
        var words = new List<(int Start, int End)>();
        for (var at = 0; at < text.Length;)
        {
            var start = text.AsSpan(at).IndexOfAnyExcept(PyText.WhiteSpace);
            if (start < 0)
                break;
            at += start;
            var length = text.AsSpan(at).IndexOfAny(PyText.WhiteSpace);
            var end = length < 0 ? text.Length : at + length;
            words.Add((at, end));
            at = end;
        }

        var parts = words.Select(word => text[word.Start..word.End]).ToList();
        if (most < 0 || most >= words.Count)
            return parts;
        return fromEnd
            ? [PyText.Trim(text[..words[^(most + 1)].End], null, left: false, right: true), .. parts.Skip(words.Count - most)]
            : [.. parts.Take(most), PyText.Trim(text[words[most].Start..], null, left: true, right: false)];
    }

    private static PyList Result(Evaluation run, IReadOnlyCollection<string> parts)
    {
        run.Step(parts.Count);
        return new PyList([.. parts]);
    }

    private static object? ZFill(Evaluation run, string text, Arguments arguments)
    {
        var missing = Missing(text, arguments.Bind("width").Int(0));
        var sign = text.Length > 0 && text[0] is '-' or '+' ? 1 : 0;
        run.Reserve(missing);
        return run.Built(text[..sign] + new string('0', missing) + text[sign..]);
    }

    private static int Missing(string text, int width) => Math.Max(0, width - PyText.Length(text));

    private static string Padded(Evaluation run, string text, int left, int right, string fill)
    {
        if (PyText.Length(fill) != 1)
            throw new JinjaException("the fill must be one character");
        run.Reserve((long)fill.Length * ((long)left + right));
        return run.Built(string.Concat(Enumerable.Repeat(fill, left)) + text + string.Concat(Enumerable.Repeat(fill, right)));
    }
}
