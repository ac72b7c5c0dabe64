using System.Numerics;
using System.Runtime.CompilerServices;

namespace Capvec.Text.Tokenizers;

/// <summary>The merges of a byte-pair encoding, by the ids of their two parts: an open hash table, since every pair of neighbours in every new piece is looked up.</summary>
internal sealed class MergeTable
{
    // Up to here looking through all neighbours for the lowest rank is cheaper than keeping them in a heap.
    private const int FewSymbols = 64;
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private Slot[] _slots;
    private int _shift;
    private int _count;

    /// <summary>Makes room for a number of merges.</summary>
    public MergeTable(int capacity)
    {
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)Math.Max(8, 2 * capacity))];
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
    }

    /// <summary>The ids that merges make.</summary>
    public IEnumerable<int> Results => _slots.Where(slot => slot.Key != 0).Select(slot => slot.Merged);

    /// <summary>Adds a merge; of two with the same parts the later one holds.</summary>
    public void Add(int left, int right, int rank, int merged)
    {
        if (2 * _count >= _slots.Length)
            Grow();
        ref var slot = ref Find(KeyOf(left, right));
        if (slot.Key == 0)
            _count++;
        slot = new Slot(KeyOf(left, right), rank, merged);
    }

    /// <summary>The parts of all merges, lowest rank first.</summary>
    public IEnumerable<(int Left, int Right)> InOrder() => _slots.Where(slot => slot.Key != 0).OrderBy(slot => slot.Rank).Select(slot => ((int)((slot.Key - 1) >> 32), (int)(uint)(slot.Key - 1)));

    /// <summary>Merges adjacent symbols, lowest rank first and leftmost among equals, until no merge applies.</summary>
    /// <param name="ids">Ids of single bytes; overwritten.</param>
    /// <returns>The number of ids that are left at the beginning of <paramref name="ids"/>.</returns>
    public int Apply(Span<int> ids) => ids.Length < 2 ? ids.Length : ids.Length <= FewSymbols ? ApplyToFew(ids) : ApplyToMany(ids);

    private int ApplyToFew(Span<int> ids)
    {
        Span<int> ranks = stackalloc int[FewSymbols];
        Span<int> merged = stackalloc int[FewSymbols];
        var count = ids.Length;
        for (var i = 0; i + 1 < count; i++)
            ranks[i] = RankOf(ids[i], ids[i + 1], out merged[i]);
        while (count > 1)
        {
            var lowest = 0;
            for (var i = 1; i + 1 < count; i++)
            {
                if (ranks[i] < ranks[lowest])
                    lowest = i;
            }

            if (ranks[lowest] == int.MaxValue)
                break;
            ids[lowest] = merged[lowest];
            count--;
            for (var i = lowest + 1; i < count; i++)
                (ids[i], ranks[i], merged[i]) = (ids[i + 1], ranks[i + 1], merged[i + 1]);
            if (lowest + 1 < count)
                ranks[lowest] = RankOf(ids[lowest], ids[lowest + 1], out merged[lowest]);
            if (lowest > 0)
                ranks[lowest - 1] = RankOf(ids[lowest - 1], ids[lowest], out merged[lowest - 1]);
        }

        return count;
    }

    // A heap of candidates over a linked list keeps this at n log n for pieces of any length.
    private int ApplyToMany(Span<int> ids)
    {
        var count = ids.Length;
        var next = new int[count];
        var previous = new int[count];
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
            var (left, made) = candidate;
            if (ids[left] < 0 || next[left] is var right && right < 0)
                continue;

            // The parts may have been merged with other neighbours since this was proposed.
            if (RankOf(ids[left], ids[right], out var merged) == int.MaxValue || merged != made)
                continue;
            ids[left] = made;
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
        if (RankOf(ids[left], ids[right], out var merged) is var rank and < int.MaxValue)
            candidates.Enqueue((left, merged), ((ulong)(uint)rank << 32) | (uint)left);
    }

    // int.MaxValue where the two do not merge.
    private int RankOf(int left, int right, out int merged)
    {
        ref var slot = ref Find(KeyOf(left, right));
        merged = slot.Merged;
        return slot.Key == 0 ? int.MaxValue : slot.Rank;
    }

    // The slot of a key, or the empty one where it belongs; half of them are empty.
    private ref Slot Find(ulong key)
    {
        var at = (int)((key * Multiplier) >> _shift);
        while (_slots[at].Key != key && _slots[at].Key != 0)
            at = (at + 1) & (_slots.Length - 1);
        return ref _slots[at];
    }

    private void Grow()
    {
        var old = _slots;
        _slots = new Slot[2 * old.Length];
        _shift--;
        foreach (var slot in old)
        {
            if (slot.Key != 0)
                Find(slot.Key) = slot;
        }
    }

    // 0 marks an empty slot.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong KeyOf(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private readonly record struct Slot(ulong Key, int Rank, int Merged);
}
