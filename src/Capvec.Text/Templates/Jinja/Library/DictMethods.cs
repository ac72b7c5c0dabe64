using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Methods of dictionaries. Those that would change one do not exist, as in transformers' sandbox.</summary>
internal static class DictMethods
{
    /// <summary>The method of that name, bound to its dictionary.</summary>
    public static bool TryBind(PyDict dict, string name, out object? method)
    {
        method = name switch
        {
            "copy" => new Function((_, arguments) => { arguments.Bind(); return dict; }),
            "get" => new Function((_, arguments) =>
            {
                var bound = arguments.Bind("key", "default");
                return dict.TryGet(bound.Value(0), out var value) ? value : bound.Value(1, null);
            }),
            "items" => View("dict_items", () => dict.Entries.Select(entry => (object?)new PyTuple([entry.Key, entry.Value]))),
            "keys" => View("dict_keys", () => dict.Keys),
            "values" => View("dict_values", () => dict.Entries.Select(entry => entry.Value)),
            _ => null,
        };
        return method is not null;
    }

    private static Function View(string name, Func<IEnumerable<object?>> items) => new((run, arguments) =>
    {
        arguments.Bind();
        object?[] all = [.. items()];
        run.Step(all.Length);
        return new PyView(name, all);
    });
}
