using System.Runtime.InteropServices;

namespace Capvec.Text.Tokenizers;

/// <summary>The merges of a byte-pair encoding, by the ids of their two parts.</summary>
internal sealed class MergeTable
{
    private readonly Dictionary<Pair, (int Rank, int Merged)> _merges;

    /// <summary>Makes room for a number of merges.</summary>
    public MergeTable(int capacity) => _merges = new(capacity);

    /// <summary>Adds a merge; of two with the same parts the later one holds.</summary>
    public void Add(int left, int right, int rank, int merged) => _merges[new Pair(left, right)] = (rank, merged);

    /// <summary>The parts of all merges, lowest rank first.</summary>
    public IEnumerable<(int Left, int Right)> InOrder() => _merges.OrderBy(merge => merge.Value.Rank).Select(merge => (merge.Key.Left, merge.Key.Right));

    /// <summary>
    /// Merges adjacent symbols, lowest rank first and leftmost among equals, until no merge applies. A heap of candidates over a linked
    /// list keeps this at n log n for pieces of any length.
    /// </summary>
    /// <param name="symbols">Ids of single bytes; overwritten.</param>
    /// <returns>The number of ids that are left at the beginning of <paramref name="symbols"/>.</returns>
    public int Apply(List<int> symbols)
    {
        var count = symbols.Count;
        if (count < 2)
            return count;
        var ids = CollectionsMarshal.AsSpan(symbols);
        Span<int> next = count <= 256 ? stackalloc int[count] : new int[count];
        Span<int> previous = count <= 256 ? stackalloc int[count] : new int[count];
        var candidates = new PriorityQueue<(int Position, int Merged), ulong>(count);
        for (var i = 0; i < count; i++)
        {
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }

        for (var i = 0; i + 1 < count; i++)
            Propose(candidates, ids, i, i + 1);

        while (candidates.TryDequeue(out var candidate, out _))
        {
            var (left, merged) = candidate;
            if (ids[left] < 0 || next[left] is var right && right < 0)
                continue;

            // The parts may have been merged with other neighbours since this was proposed.
            if (!_merges.TryGetValue(new Pair(ids[left], ids[right]), out var merge) || merge.Merged != merged)
                continue;
            ids[left] = merged;
            ids[right] = -1;
            next[left] = next[right];
            if (next[left] >= 0)
            {
                previous[next[left]] = left;
                Propose(candidates, ids, left, next[left]);
            }

            if (previous[left] >= 0)
                Propose(candidates, ids, previous[left], left);
        }

        var kept = 0;
        for (var i = 0; i >= 0; i = next[i])
            ids[kept++] = ids[i];
        return kept;
    }

    private void Propose(PriorityQueue<(int Position, int Merged), ulong> candidates, ReadOnlySpan<int> ids, int left, int right)
    {
        if (_merges.TryGetValue(new Pair(ids[left], ids[right]), out var merge))
            candidates.Enqueue((left, merge.Merged), ((ulong)(uint)merge.Rank << 32) | (uint)left);
    }

    // The two ids packed into a long would hash to left ^ right, and pairs of small ids collide in that by the hundred.
    private readonly record struct Pair(int Left, int Right);
}
