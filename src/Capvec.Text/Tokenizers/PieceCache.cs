using System.Runtime.InteropServices;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// The ids of pieces met before. Words come back, so a fixed number of slots is enough: a piece whose slot is taken takes it over. Entries never change and are
/// replaced in one store, so that no thread waits for another; at worst a piece is merged again.
/// </summary>
internal sealed class PieceCache
{
    /// <summary>Longer pieces hardly ever come back and are not kept.</summary>
    public const int LongestPiece = 32;

    private const int SlotBits = 16;
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    private readonly Entry?[] _slots = new Entry?[1 << SlotBits];

    /// <summary>The ids of a piece; null where it is not kept.</summary>
    /// <param name="piece">At most <see cref="LongestPiece"/> long.</param>
    /// <param name="slot">Where it would be kept.</param>
    public int[]? Find(ReadOnlySpan<char> piece, out int slot)
    {
        slot = SlotOf(piece);
        return Volatile.Read(ref _slots[slot]) is { } entry && piece.SequenceEqual(entry.Piece) ? entry.Ids : null;
    }

    /// <summary>Keeps a piece's ids.</summary>
    /// <param name="slot">As <see cref="Find"/> gave it.</param>
    /// <param name="piece">The piece.</param>
    /// <param name="ids">Its ids; must not change any more.</param>
    public void Keep(int slot, ReadOnlySpan<char> piece, int[] ids) => Volatile.Write(ref _slots[slot], new Entry(piece.ToString(), ids));

    private static int SlotOf(ReadOnlySpan<char> piece)
    {
        var hash = (ulong)piece.Length;
        var fours = MemoryMarshal.Cast<char, ulong>(piece);
        foreach (var four in fours)
            hash = Mix(hash ^ four);
        foreach (var one in piece[(4 * fours.Length)..])
            hash = Mix(hash ^ one);
        return (int)(hash >> (64 - SlotBits));
    }

    private static ulong Mix(ulong hash)
    {
        hash *= Multiplier;
        return hash ^ (hash >> 29);
    }

    private sealed record Entry(string Piece, int[] Ids);
}
