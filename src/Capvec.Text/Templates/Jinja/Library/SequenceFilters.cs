using System.Globalization;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Filters on lists and dictionaries as a whole.</summary>
internal static class SequenceFilters
{
    /// <summary>The filters by name.</summary>
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>
    {
        ["attr"] = Attr,
        ["batch"] = Batch,
        ["count"] = Length,
        ["dictsort"] = DictSort,
        ["first"] = First,
        ["groupby"] = GroupBy,
        ["items"] = Items,
        ["join"] = Join,
        ["last"] = Last,
        ["length"] = Length,
        ["list"] = (run, value, arguments) => { arguments.Bind(); return new PyList(PyAccess.ToList(run, value)); },
        ["max"] = (run, value, arguments) => Extreme(run, value, arguments, sign: 1),
        ["min"] = (run, value, arguments) => Extreme(run, value, arguments, sign: -1),
        ["reverse"] = Reverse,
        ["slice"] = Slice,
        ["sort"] = Sort,
        ["sum"] = Sum,
        ["unique"] = Unique,
    };

    /// <summary>A value by the path that filters call an attribute: names and places with dots between them.</summary>
    public static object? ByPath(object? value, object? path)
    {
        if (path is not string names)
            return PyAccess.Item(value, path);
        foreach (var name in names.Split('.'))
            value = PyAccess.Item(value, long.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var place) ? place : name);
        return value;
    }

    private static object? Attr(Evaluation run, object? value, Arguments arguments)
    {
        var name = arguments.Bind("name").Text(0);
        return value is PyDict dict && DictMethods.TryBind(dict, name, out var method) ? method
            : value is PyDict ? new Undefined($"'{name}' of a dict")
            : PyAccess.Attribute(value, name);
    }

    private static object? Batch(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("linecount", "fill_with");
        var (count, fill) = (Math.Max(1, bound.Int(0)), bound.Value(1, null));
        var batches = PyAccess.ToList(run, value).Chunk(count).ToArray();
        if (fill is not null && batches.Length > 0)
        {
            run.Step(count);
            batches[^1] = [.. batches[^1], .. Enumerable.Repeat(fill, count - batches[^1].Length)];
        }

        return new PyIterator(batches.Select(batch => new PyList(batch)));
    }

    private static object? Length(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        return PyAccess.Length(value);
    }

    private static object? DictSort(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("case_sensitive", "by", "reverse");
        if (value is not PyDict dict)
            throw new JinjaException($"dictsort wants a dict, not a {PyTypes.NameOf(value)}");
        var by = bound.Text(1, "key");
        if (by is not ("key" or "value"))
            throw new JinjaException("dictsort sorts by \"key\" or \"value\"");
        var caseSensitive = bound.Truth(0, missing: false);
        var pairs = dict.Entries.Select(entry => new PyTuple([entry.Key, entry.Value])).ToList();
        run.Step(pairs.Count);
        return new PyList(PyCompare.Sorted(pairs, pair => Folded(pair.Items[by == "key" ? 0 : 1], caseSensitive), bound.Truth(2, missing: false)));
    }

    private static object? First(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        using var things = PyAccess.Iterate(run, value).GetEnumerator();
        return things.MoveNext() ? things.Current : new Undefined("the first item of an empty row");
    }

    private static object? Last(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        if (value is PyIterator)
            throw new JinjaException("last does not work on a generator; put |list before it");
        var things = PyAccess.ToList(run, value);
        return things.Count > 0 ? things[^1] : new Undefined("the last item of an empty row");
    }

    private static object? GroupBy(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("attribute", "default", "case_sensitive");
        var (path, missing) = (bound.Value(0), bound.Value(1, null));
        var caseSensitive = bound.Truth(2, missing: false);
        object? KeyOf(object? item) => ByPath(item, path) is var key && key is Undefined && bound.Has(1) ? missing : key;
        var groups = new List<PyTuple>();
        List<object?>? members = null;
        object? last = null;
        foreach (var item in PyCompare.Sorted(PyAccess.ToList(run, value), item => Folded(KeyOf(item), caseSensitive), descending: false))
        {
            var folded = Folded(KeyOf(item), caseSensitive);
            if (members is null || !PyCompare.AreEqual(folded, last))
            {
                members = [];
                last = folded;
                groups.Add(new PyTuple([KeyOf(item), new PyList(members)], "grouper", "list"));
            }

            members.Add(item);
        }

        return new PyList(groups);
    }

    private static object? Items(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        return value switch
        {
            Undefined => new PyIterator([]),
            PyDict dict => new PyIterator(dict.Entries.Select(entry => new PyTuple([entry.Key, entry.Value]))),
            _ => throw new JinjaException($"items wants a dict, not a {PyTypes.NameOf(value)}"),
        };
    }

    private static object? Join(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("d", "attribute");
        var between = PyPrint.Str(run, bound.Value(0, ""));
        var things = PyAccess.Iterate(run, value).Select(item => PyPrint.Str(run, bound.Has(1) ? ByPath(item, bound.Value(1)) : item)).ToList();
        run.Reserve((between.Length * (long)things.Count) + things.Sum(thing => (long)thing.Length));
        return string.Join(between, things);
    }

    private static object? Extreme(Evaluation run, object? value, Arguments arguments, int sign)
    {
        var bound = arguments.Bind("case_sensitive", "attribute");
        var things = PyAccess.ToList(run, value);
        if (things.Count == 0)
            return new Undefined("the extreme of an empty row");
        object? Key(object? item) => Folded(bound.Has(1) ? ByPath(item, bound.Value(1)) : item, bound.Truth(0, missing: false));
        return things.Aggregate((best, item) => (PyCompare.Order(Key(item), Key(best)) ?? 0) * sign > 0 ? item : best);
    }

    private static object? Reverse(Evaluation run, object? value, Arguments arguments)
    {
        arguments.Bind();
        if (value is string text)
            return run.Built(string.Concat(PyText.CodePoints(text).Reverse()));
        var things = PyAccess.ToList(run, value);
        things.Reverse();
        return new PyIterator(things);
    }

    private static object? Slice(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("slices", "fill_with");
        var (slices, fill) = (bound.Int(0), bound.Value(1, null));
        if (slices < 1)
            throw new JinjaException("slice wants at least one slice");
        run.Step(slices);
        var things = PyAccess.ToList(run, value);
        var (each, extra) = (things.Count / slices, things.Count % slices);
        var parts = new List<object?>();
        var at = 0;
        for (var i = 0; i < slices; i++)
        {
            var part = things.GetRange(at, each + (i < extra ? 1 : 0));
            at += part.Count;
            if (fill is not null && i >= extra)
                part.Add(fill);
            parts.Add(new PyList(part));
        }

        return new PyIterator(parts);
    }

    private static object? Sort(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("reverse", "case_sensitive", "attribute");
        var caseSensitive = bound.Truth(1, missing: false);
        var paths = bound.Value(2, null) is string names ? names.Split(',') : null;
        object? Key(object? item) => bound.Value(2, null) switch
        {
            null => Folded(item, caseSensitive),
            string => new PyList([.. paths!.Select(path => Folded(ByPath(item, path), caseSensitive))]),
            var place => Folded(ByPath(item, place), caseSensitive),
        };
        return new PyList(PyCompare.Sorted(PyAccess.ToList(run, value), Key, bound.Truth(0, missing: false)));
    }

    private static object? Sum(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("attribute", "start");
        var path = bound.Value(0, null);
        return PyAccess.Iterate(run, value).Aggregate(bound.Value(1, 0L), (sum, item) => PyMath.Apply(run, "+", sum, path is null ? item : ByPath(item, path)));
    }

    private static object? Unique(Evaluation run, object? value, Arguments arguments)
    {
        var bound = arguments.Bind("case_sensitive", "attribute");
        var seen = new HashSet<PyKey>();
        return new PyIterator(PyAccess.ToList(run, value)
            .Where(item => seen.Add(new PyKey(Folded(bound.Has(1) ? ByPath(item, bound.Value(1)) : item, bound.Truth(0, missing: false))))).ToList());
    }

    private static object? Folded(object? value, bool caseSensitive) => value is string text && !caseSensitive ? PyText.Lower(text) : value;
}
