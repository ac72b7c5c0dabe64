using Capvec.Text.Templates.Jinja.Evaluating;
using Capvec.Text.Templates.Jinja.Values;

namespace Capvec.Text.Templates.Jinja.Syntax;

/// <summary>The <c>loop</c> of a loop's body.</summary>
/// <param name="items">What is gone through.</param>
/// <param name="depth">How many loops of a recursive one lie around.</param>
/// <param name="again">In a recursive loop, what calling <c>loop(...)</c> does.</param>
internal sealed class LoopState(List<object?> items, int depth, ICallable? again) : INamedAttributes, ICallable
{
    private object? _lastSeen;
    private bool _hasSeen;

    /// <summary>The number of the round, from 0.</summary>
    public int Index { get; set; }

    public bool TryGetAttribute(string name, out object? value)
    {
        (var known, value) = name switch
        {
            "index" => (true, (object?)(Index + 1L)),
            "index0" => (true, (long)Index),
            "revindex" => (true, (long)(items.Count - Index)),
            "revindex0" => (true, items.Count - Index - 1L),
            "first" => (true, Index == 0),
            "last" => (true, Index == items.Count - 1),
            "length" => (true, (long)items.Count),
            "depth" => (true, depth + 1L),
            "depth0" => (true, (long)depth),
            "previtem" => (true, Index > 0 ? items[Index - 1] : new Undefined("the item before the first")),
            "nextitem" => (true, Index + 1 < items.Count ? items[Index + 1] : new Undefined("the item behind the last")),
            "cycle" => (true, new Function((_, arguments) => arguments.Positional.Count > 0 ? arguments.Positional[Index % arguments.Positional.Count]
                : throw new JinjaException("loop.cycle wants at least one value"))),
            "changed" => (true, new Function((_, arguments) => Changed(arguments))),
            _ => (false, null),
        };
        return known;
    }

    public object? Call(Evaluation run, Arguments arguments) =>
        again is null ? throw new JinjaException("loop can only be called in a loop marked recursive") : again.Call(run, arguments);

    private bool Changed(Arguments arguments)
    {
        var now = new PyTuple([.. arguments.Positional]);
        var changed = !_hasSeen || !PyCompare.AreEqual(_lastSeen, now);
        (_lastSeen, _hasSeen) = (now, true);
        return changed;
    }
}
