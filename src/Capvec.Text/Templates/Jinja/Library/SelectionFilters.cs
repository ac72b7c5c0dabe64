using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Filters that apply a filter or a test to each thing of a row: map, select, reject and their likes. What they give is gone through once; what counts as false (None too) is an empty row.</summary>
internal static class SelectionFilters
{
    /// <summary>The filters by name.</summary>
    public static IReadOnlyDictionary<string, Filter> All { get; } = new Dictionary<string, Filter>
    {
        ["map"] = Map,
        ["reject"] = (run, value, arguments) => Chosen(run, value, arguments, byAttribute: false, wanted: false),
        ["rejectattr"] = (run, value, arguments) => Chosen(run, value, arguments, byAttribute: true, wanted: false),
        ["select"] = (run, value, arguments) => Chosen(run, value, arguments, byAttribute: false, wanted: true),
        ["selectattr"] = (run, value, arguments) => Chosen(run, value, arguments, byAttribute: true, wanted: true),
    };

    private static object? Map(Evaluation run, object? value, Arguments arguments)
    {
        if (!PyTypes.IsTrue(value))
            return new PyIterator([]);
        if (arguments.Positional.Count == 0)
        {
            var bound = arguments.Bind("attribute", "default");
            var path = bound.Value(0);
            return new PyIterator(PyAccess.Iterate(run, value)
                .Select(item => SequenceFilters.ByPath(item, path) is var found && found is Undefined && bound.Has(1) ? bound.Value(1) : found));
        }

        var name = NameOf(arguments, 0, "filter");
        var filter = Filters.Named(name);
        var rest = new Arguments(name, [.. arguments.Positional.Skip(1)], arguments.Named);
        return new PyIterator(PyAccess.Iterate(run, value).Select(item => filter(run, item, rest)));
    }

    private static object? Chosen(Evaluation run, object? value, Arguments arguments, bool byAttribute, bool wanted)
    {
        if (!PyTypes.IsTrue(value))
            return new PyIterator([]);
        var first = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < first)
            throw new JinjaException($"{arguments.Callee} lacks the attribute");
        Func<object?, bool> test = PyTypes.IsTrue;
        if (arguments.Positional.Count > first)
        {
            var name = NameOf(arguments, first, "test");
            var named = Tests.Named(name);
            var rest = new Arguments(name, [.. arguments.Positional.Skip(first + 1)], arguments.Named);
            test = item => named(run, item, rest);
        }

        return new PyIterator(PyAccess.Iterate(run, value)
            .Where(item => test(byAttribute ? SequenceFilters.ByPath(item, arguments.Positional[0]) : item) == wanted));
    }

    private static string NameOf(Arguments arguments, int index, string what) =>
        arguments.Positional[index] as string ?? throw new JinjaException($"{arguments.Callee} wants the name of a {what}");
}
