using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Library;

/// <summary>Methods of lists, tuples and ranges. Those that would change one do not exist, as in transformers' sandbox.</summary>
internal static class SequenceMethods
{
    /// <summary>The method of that name, bound to its list.</summary>
    public static bool TryBind(PySequence sequence, string name, out object? method)
    {
        method = (name, sequence) switch
        {
            (_, PyView) => null,
            ("copy", PyList) => new Function((_, arguments) => { arguments.Bind(); return sequence; }),
            ("count", _) => new Function((run, arguments) =>
            {
                var wanted = arguments.Bind("value").Value(0);
                return PyAccess.Iterate(run, sequence).LongCount(item => PyCompare.AreEqual(item, wanted));
            }),
            ("index", _) => new Function((run, arguments) =>
            {
                var wanted = arguments.Bind("value").Value(0);
                var index = PyAccess.ToList(run, sequence).FindIndex(item => PyCompare.AreEqual(item, wanted));
                return index >= 0 ? (long)index : throw new JinjaException("index: the value is not in the list");
            }),
            _ => null,
        };
        return method is not null;
    }
}
