using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Sharing;

/// <summary>A radix tree over steps, one root an adapter. Says where states are kept; whose memory that is, <see cref="PrefixCache"/> knows.</summary>
internal sealed class PrefixTree
{
    private readonly PrefixNode _plain = Root();
    private readonly Dictionary<LoraAdapter, PrefixNode> _adapted = [];

    /// <summary>Follows a path as far as the tree goes.</summary>
    public PrefixMatch Match(LoraAdapter? adapter, ReadOnlySpan<PrefixStep> path)
    {
        var nodes = new List<PrefixNode>();
        var node = adapter is null ? _plain : _adapted.GetValueOrDefault(adapter, _plain);
        var length = 0;
        if (adapter is not null && node == _plain)
            return new PrefixMatch(nodes, Root(), 0);
        while (length < path.Length && node.Children.TryGetValue(path[length], out var child))
        {
            var common = path[length..].CommonPrefixLength(child.Steps);
            length += common;
            node = child;
            if (common < child.Steps.Length)
                break;
            nodes.Add(child);
        }

        return new PrefixMatch(nodes, node, length);
    }

    /// <summary>The node that ends where a path ends; made, by cutting a run in two where needed.</summary>
    public PrefixNode At(LoraAdapter? adapter, ReadOnlySpan<PrefixStep> path)
    {
        var node = _plain;
        if (adapter is not null && !_adapted.TryGetValue(adapter, out node))
            _adapted[adapter] = node = Root();
        for (var length = 0; length < path.Length;)
        {
            if (!node.Children.TryGetValue(path[length], out var child))
                return Append(node, path[length..]);
            var common = path[length..].CommonPrefixLength(child.Steps);
            node = common < child.Steps.Length ? Cut(child, common) : child;
            length += common;
        }

        return node;
    }

    /// <summary>Takes out a node that keeps nothing and leads nowhere, and those before it of which that is then true.</summary>
    public void Prune(PrefixNode node)
    {
        while (node is { Kept.Count: 0, Children.Count: 0, Parent: { } parent })
        {
            parent.Children.Remove(node.Steps[0]);
            node.Parent = null;
            node = parent;
        }

        if (node is { Parent: null, Children.Count: 0 } && node != _plain)
        {
            foreach (var (adapter, root) in _adapted)
            {
                if (root == node)
                    _adapted.Remove(adapter);
            }
        }
    }

    private static PrefixNode Root() => new() { Steps = [], End = 0 };

    private static PrefixNode Append(PrefixNode parent, ReadOnlySpan<PrefixStep> steps)
    {
        var node = new PrefixNode { Parent = parent, Steps = steps.ToArray(), End = parent.End + steps.Length };
        parent.Children[steps[0]] = node;
        return node;
    }

    // The front part becomes a node of its own, so that whoever holds the old node still finds it at its end.
    private static PrefixNode Cut(PrefixNode node, int steps)
    {
        var front = Append(node.Parent!, node.Steps.AsSpan(0, steps));
        node.Steps = node.Steps[steps..];
        node.Parent = front;
        front.Children[node.Steps[0]] = node;
        return front;
    }
}
