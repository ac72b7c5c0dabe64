using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;

namespace Capvec.Engine.Sharing;

/// <summary>
/// States after prefixes that were computed, within a budget of bytes, the least recently used out first. Used by the engine's thread alone.
/// </summary>
/// <remarks>
/// A state of all blocks is found under the steps it was computed with; a state of the first blocks that steering had not yet touched is found
/// under the same tokens without steering (the trunk). Where a sequence entered a trunk, a state of the blocks above is found under its steps: it serves whoever
/// enters a trunk as well. Pages are held once for each kept prefix and counted once.
/// </remarks>
internal sealed class PrefixCache(StateLayout layout, long budget)
{
    private readonly PrefixTree _tree = new();
    private readonly LinkedList<Entry> _byUse = [];
    private readonly Dictionary<KeptPrefix, LinkedListNode<Entry>> _entries = [];

    /// <summary>Whether anything can be kept.</summary>
    public bool IsOn => budget > layout.SnapshotBytes;

    /// <summary>Bytes of the kept pages.</summary>
    public long Bytes { get; private set; }

    /// <summary>Prefixes kept now.</summary>
    public int Count => _entries.Count;

    /// <summary>Prefixes dropped for want of room.</summary>
    public long Evictions { get; private set; }

    /// <summary>The best start for a work whose own state has computed <paramref name="computed"/> positions of it.</summary>
    public SharedStart Find(EngineWork work, int computed)
    {
        var full = _tree.Match(work.Adapter, work.Prompt);
        var trunks = work.IsPromptSteered ? _tree.Match(work.Adapter, work.Trunk[..work.TrunkLimit]).Nodes : [];
        var best = WithTrunk(work, new SharedStart(null, computed, null, 0), trunks);
        foreach (var node in full.Nodes.Where(n => n.End > computed && n.End <= work.Limit))
        {
            foreach (var kept in node.Kept.Where(k => Serves(k, work)))
                Consider(kept, node.End);
        }

        // Keys and values alone can be cut anywhere: what goes another way after the common part serves too.
        var common = Math.Min(full.Length, work.Limit);
        if (!layout.IsRecurrent(layout.Layers) && common > best.Length && Below(full.Last, work) is { } longer)
            Consider(longer, common);
        return best;

        void Consider(KeptPrefix kept, int length)
        {
            var start = WithTrunk(work, new SharedStart(kept, length, null, 0), trunks);
            if (start.TrunkDepth >= kept.First && start.Saved(layout.Layers) > best.Saved(layout.Layers))
                best = start;
        }
    }

    /// <summary>How many first steps of a work lie in the tree, with a state there or without.</summary>
    public int Known(EngineWork work) => _tree.Match(work.Adapter, work.Prompt).Length;

    /// <summary>Marks what a start uses as used.</summary>
    public void Touch(SharedStart start)
    {
        Touch(start.Prefix);
        Touch(start.Trunk);
    }

    /// <summary>Keeps a state under a path, unless what is there covers it.</summary>
    public void Add(LoraAdapter? adapter, ReadOnlySpan<PrefixStep> path, KeptPrefix prefix)
    {
        var node = _tree.At(adapter, path);
        if (node.Kept.Find(k => k.Covers(prefix)) is { } present)
        {
            Touch(present);
            return;
        }

        foreach (var page in prefix.Pages)
        {
            page.Hold();
            if (page.Keepers++ == 0)
                Bytes += page.Pool.Bytes;
        }

        foreach (var old in node.Kept.Where(prefix.Covers).ToList())
            Remove(_entries[old]);
        node.Kept.Add(prefix);
        _entries[prefix] = _byUse.AddLast(new Entry(node, prefix));
        while (Bytes > budget && _byUse.First is { } oldest)
        {
            Evictions++;
            Remove(oldest);
            _tree.Prune(oldest.Value.Node);
        }
    }

    private static SharedStart WithTrunk(EngineWork work, SharedStart start, IEnumerable<PrefixNode> trunks)
    {
        var best = start;
        foreach (var node in trunks.Where(n => n.End > start.Length))
        {
            foreach (var kept in node.Kept)
            {
                foreach (var rows in kept.Residuals)
                {
                    var next = start with { Trunk = kept, TrunkDepth = rows.Depth };
                    if (work.CanEnterAt(rows.Depth) && rows.From <= start.Length && next.TrunkLayerTokens > best.TrunkLayerTokens)
                        best = next;
                }
            }
        }

        return best;
    }

    // A work that keeps its trunks for others needs them from the first position on.
    private bool Serves(KeptPrefix kept, EngineWork work) =>
        kept.Depth == layout.Layers && work.KeptTrunks.All(depth => kept.Residuals.Any(r => r.Depth == depth && r.From == 0));

    private KeptPrefix? Below(PrefixNode node, EngineWork work)
    {
        if (node.Kept.Find(k => k.First == 0 && Serves(k, work)) is { } kept)
            return kept;
        return node.Children.Values.Select(child => Below(child, work)).FirstOrDefault(k => k is not null);
    }

    private void Touch(KeptPrefix? prefix)
    {
        if (prefix is null)
            return;
        var entry = _entries[prefix];
        _byUse.Remove(entry);
        _byUse.AddLast(entry);
    }

    private void Remove(LinkedListNode<Entry> entry)
    {
        var (node, prefix) = entry.Value;
        _byUse.Remove(entry);
        _entries.Remove(prefix);
        node.Kept.Remove(prefix);
        foreach (var page in prefix.Pages)
        {
            if (--page.Keepers == 0)
                Bytes -= page.Pool.Bytes;
            page.Release();
        }
    }

    private readonly record struct Entry(PrefixNode Node, KeptPrefix Prefix);
}
