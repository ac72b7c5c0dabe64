namespace Capvec.Formats.Torch;

/// <summary>
/// Checks what a pickle built before anybody walks it: no container that contains itself, no nesting beyond 64, no more than 10 million
/// objects when shared ones are counted each time they occur, and nothing left over that is not data.
/// </summary>
internal sealed class PickleGraph
{
    private const int MaxDepth = 64;
    private const long MaxObjects = 10_000_000;

    private readonly Dictionary<object, (int Height, long Objects)?> _seen = new(ReferenceEqualityComparer.Instance);

    /// <summary>Checks everything that can be reached from <paramref name="root"/>.</summary>
    /// <exception cref="PickleFailure">A rule is broken.</exception>
    public static void Check(object? root) => new PickleGraph().Measure(root, 0);

    private (int Height, long Objects) Measure(object? value, int depth)
    {
        IEnumerable<object?>? children = value switch
        {
            TorchSequence sequence => sequence.Items,
            TorchDictionary dictionary => dictionary.Values,
            TorchRecord record => [record.Fields],
            PickleStorage or PickleSymbol => throw new PickleFailure($"it holds {(value is PickleSymbol ? value : "a bare storage")} as a value; expected tensors, numbers, strings and containers of them"),
            _ => null,
        };
        if (children is null)
            return (0, 1);
        if (_seen.TryGetValue(value!, out var known))
        {
            var found = known ?? throw new PickleFailure("it holds a container that contains itself");
            return depth + found.Height <= MaxDepth ? found : throw TooDeep();
        }

        if (depth >= MaxDepth)
            throw TooDeep();
        _seen[value!] = null;
        var (height, objects) = (0, 1L);
        foreach (var child in children)
        {
            var (below, count) = Measure(child, depth + 1);
            height = Math.Max(height, below + 1);
            objects += count;
            if (objects > MaxObjects)
                throw new PickleFailure($"it holds more than {MaxObjects} objects");
        }

        _seen[value!] = (height, objects);
        return (height, objects);
    }

    private static PickleFailure TooDeep() => new($"its containers are nested deeper than {MaxDepth}");
}
