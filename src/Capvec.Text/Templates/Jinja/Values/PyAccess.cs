using System.Numerics;
using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Library;

namespace Capvec.Text.Templates.Jinja.Values;

/// <summary>Reaching into values: attributes, items, slices, going through them, asking what is in them.</summary>
internal static class PyAccess
{
    /// <summary><c>value.name</c>: a method or attribute first, then a key; undefined where there is none.</summary>
    public static object? Attribute(object? value, string name)
    {
        if (value is Undefined undefined)
            throw undefined.Used();
        if (TryMethod(value, name, out var method))
            return method;
        if (value is PyDict dict && dict.TryGet(name, out var entry))
            return entry;
        return new Undefined($"'{name}' of a {PyTypes.NameOf(value)}");
    }

    /// <summary><c>value[key]</c>: a key or place first, then an attribute; undefined where there is none.</summary>
    public static object? Item(object? value, object? key)
    {
        if (value is Undefined undefined)
            throw undefined.Used();
        if (value is PyDict dict && key is not (PyList or PyDict) && dict.TryGet(key, out var entry))
            return entry;
        if (PyTypes.IsInteger(key, out var place))
        {
            if (value is PySequence and not PyView && Place(place, ((PySequence)value).Items.Count) is { } index)
                return ((PySequence)value).Items[index];
            if (value is string text && Place(place, PyText.Length(text)) is { } codePoint)
                return text[PyText.CharIndex(text, codePoint)..PyText.CharIndex(text, codePoint + 1)];
        }

        return key is string name && TryMethod(value, name, out var method) ? method
            : new Undefined(key is string unknown ? $"'{unknown}' of a {PyTypes.NameOf(value)}" : $"an item of a {PyTypes.NameOf(value)}");
    }

    /// <summary><c>value[start:stop:step]</c>.</summary>
    public static object? Slice(Evaluation run, object? value, object? start, object? stop, object? step)
    {
        if (value is Undefined undefined)
            throw undefined.Used();
        if (value is not (string or PyList or PyTuple or PyRange))
            throw new JinjaException($"a {PyTypes.NameOf(value)} cannot be sliced");
        var text = value as string;
        var count = text is null ? ((PySequence)value).Items.Count : PyText.Length(text);
        var places = Places(count, Bound(start), Bound(stop), Bound(step));
        run.Step(places.Count);
        if (text is not null)
        {
            // Each code point once; only a text with surrogates needs them one by one.
            if (count == text.Length)
                return run.Built(string.Create(places.Count, (text, places), static (span, state) =>
                {
                    for (var i = 0; i < span.Length; i++)
                        span[i] = state.text[(int)(long)state.places[i]!];
                }));
            var points = PyText.CodePoints(text).ToArray();
            return run.Built(string.Concat(places.Select(place => points[(int)(long)place!])));
        }

        var items = ((PySequence)value).Items;
        object?[] taken = [.. places.Select(place => items[(int)(long)place!])];
        return value is PyTuple ? new PyTuple(taken) : new PyList(taken);
    }

    /// <summary>The things in a value, counted as they are taken.</summary>
    public static IEnumerable<object?> Iterate(Evaluation run, object? value)
    {
        var things = value switch
        {
            Undefined => [],
            PySequence sequence => sequence.Items,
            PyDict dict => dict.Keys,
            string text => PyText.CodePoints(text),
            PyIterator iterator => iterator.Rest(),
            _ => throw new JinjaException($"a {PyTypes.NameOf(value)} cannot be gone through"),
        };
        return Counted(run, things);
    }

    /// <summary>The things in a value as a list.</summary>
    public static List<object?> ToList(Evaluation run, object? value) => [.. Iterate(run, value)];

    /// <summary>len().</summary>
    public static long Length(object? value) => value switch
    {
        Undefined => 0,
        string text => PyText.Length(text),
        PySequence sequence => sequence.Items.Count,
        PyDict dict => dict.Count,
        _ => throw new JinjaException($"a {PyTypes.NameOf(value)} has no length"),
    };

    /// <summary>The in operator.</summary>
    public static bool Contains(Evaluation run, object? container, object? item) => container switch
    {
        string text => item is string part ? Found(run, text, part)
            : throw (item is Undefined undefined ? undefined.Used() : new JinjaException($"a {PyTypes.NameOf(item)} cannot be in a text")),
        PyDict dict => dict.TryGet(item, out _),
        _ => Iterate(run, container).Any(thing => PyCompare.AreEqual(thing, item)),
    };

    private static bool Found(Evaluation run, string text, string part)
    {
        run.StepSearch(text, part);
        return text.Contains(part, StringComparison.Ordinal);
    }

    private static IEnumerable<object?> Counted(Evaluation run, IEnumerable<object?> things)
    {
        foreach (var thing in things)
        {
            run.Step();
            if (thing is string text)
                run.StepThrough(text);
            yield return thing;
        }
    }

    private static bool TryMethod(object? value, string name, out object? method)
    {
        method = null;
        return value switch
        {
            INamedAttributes named => named.TryGetAttribute(name, out method) || (value is PySequence items && SequenceMethods.TryBind(items, name, out method)),
            string text => StringMethods.TryBind(text, name, out method),
            PyDict dict => DictMethods.TryBind(dict, name, out method),
            PySequence sequence => SequenceMethods.TryBind(sequence, name, out method),
            _ => false,
        };
    }

    private static int? Place(BigInteger place, int count)
    {
        if (place.Sign < 0)
            place += count;
        return place.Sign >= 0 && place < count ? (int)place : null;
    }

    private static long? Bound(object? value) => value is null ? null
        : PyTypes.IsInteger(value, out var number) ? (long)BigInteger.Clamp(number, int.MinValue, int.MaxValue)
        : throw new JinjaException($"a slice wants whole numbers, not a {PyTypes.NameOf(value)}");

    private static IReadOnlyList<object?> Places(long count, long? start, long? stop, long? step)
    {
        var by = step ?? 1;
        if (by == 0)
            throw new JinjaException("a slice has step 0");
        var (low, high) = by > 0 ? (0L, count) : (-1L, count - 1);
        return new PyRange(Clip(start, by > 0 ? low : high), Clip(stop, by > 0 ? high : low), by).Items;

        long Clip(long? bound, long missing) => bound is not { } given ? missing : Math.Clamp(given < 0 ? given + count : given, low, high);
    }
}
