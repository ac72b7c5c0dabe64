using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Reads a chunk of a panel (<see cref="PanelLayout"/>) as the kernels of <see cref="ByteRows"/> read it: four columns of a row in 32 bits, <c>weight + 128</c> in each byte,
/// since the instructions multiply unsigned bytes with signed ones.
/// </summary>
/// <remarks>
/// Of columns 0 to 7, one quad holds 0, 4, 1, 5 and the next 2, 6, 3, 7: so the nibbles of a 4-bit panel are quads once they are masked. The order within a block changes no
/// sum, which is an exact integer.
/// </remarks>
internal static unsafe class QuadUnpacking
{
    private const int Rows = PanelLayout.Rows;
    private const int PairBytes = 64;
    private const int QuadBytes = 4 * Rows;

    private static readonly Vector512<byte> s_low = Interleave(0);
    private static readonly Vector512<byte> s_high = Interleave(32);

    public static void Chunk(WeightFormat format, byte* from, int columns, UnpackedChunk to)
    {
        switch (format)
        {
            case WeightFormat.Q8_0 when Avx512Vbmi.IsSupported:
                Unpacking.Q80Scales(from, columns, to);
                Q80(from, to);
                break;
            case WeightFormat.Q4_0:
                Unpacking.Shape(format, columns, to);
                Q40(from, to);
                break;
            case WeightFormat.Q4_K:
                Unpacking.Shape(format, columns, to);
                Unpacking.Q4KScales(from, to);
                Nibbles((uint*)(from + PanelLayout.Q4KQuads), to.Quads, 32, 128);
                break;
            case WeightFormat.Q8_0 or WeightFormat.Q6_K:
                Unpacking.Chunk(format, from, columns, to);
                Join(to);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format));
        }
    }

    // A pair is two bytes a row: two pairs taken byte by byte in turn are quads.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q80(byte* from, UnpackedChunk to)
    {
        var quads = to.Quads;
        var offset = Vector512.Create((byte)128);
        var (low, high) = (s_low, s_high);
        for (var b = to.Blocks; b > 0; b--, from += PanelLayout.Q80BlockBytes)
        {
            var pairs = from + PairBytes;
            for (var octet = 0; octet < 4; octet++, pairs += 4 * PairBytes, quads += 2 * QuadBytes)
            {
                var (p0, p1, p2, p3) = (Vector512.Load(pairs), Vector512.Load(pairs + PairBytes), Vector512.Load(pairs + (2 * PairBytes)), Vector512.Load(pairs + (3 * PairBytes)));
                Vector512.Store(Avx512Vbmi.PermuteVar64x8x2(p0, low, p2) ^ offset, quads);
                Vector512.Store(Avx512Vbmi.PermuteVar64x8x2(p0, high, p2) ^ offset, quads + 64);
                Vector512.Store(Avx512Vbmi.PermuteVar64x8x2(p1, low, p3) ^ offset, quads + QuadBytes);
                Vector512.Store(Avx512Vbmi.PermuteVar64x8x2(p1, high, p3) ^ offset, quads + QuadBytes + 64);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q40(byte* from, UnpackedChunk to)
    {
        for (var b = 0; b < to.Blocks; b++, from += 64 + (4 * 128))
        {
            Unpacking.Scales(from, to.Scales + (b * Rows));
            Nibbles((uint*)(from + 64), to.Quads + (b * 8 * QuadBytes), 4, 128 - 8);
        }
    }

    // A word of eight nibbles: those at even places are columns 0, 4, 1, 5, the others 2, 6, 3, 7.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Nibbles(uint* from, byte* quads, int octets, byte offset)
    {
        var add = Vector512.Create(offset);
        var mask = Vector512.Create(0x0F0F0F0Fu);
        for (; octets > 0; octets--, from += 2 * 16, quads += 2 * QuadBytes)
        {
            var (low, high) = (Vector512.Load(from), Vector512.Load(from + 16));
            Vector512.Store((low & mask).AsByte() + add, quads);
            Vector512.Store((high & mask).AsByte() + add, quads + 64);
            Vector512.Store(((low >>> 4) & mask).AsByte() + add, quads + QuadBytes);
            Vector512.Store(((high >>> 4) & mask).AsByte() + add, quads + QuadBytes + 64);
        }
    }

    // From 16-bit pairs: lower bytes of two pairs, one of them shifted up.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Join(UnpackedChunk to)
    {
        var values = to.Values;
        var quads = to.Quads;
        var lower = Vector512.Create((short)0xFF);
        var offset = Vector512.Create((byte)128);
        for (var octets = to.Columns / 8; octets > 0; octets--, values += 4 * 64, quads += 2 * QuadBytes)
        {
            for (var part = 0; part < 4; part++)
            {
                var (half, pair) = (part % 2 * 32, part / 2 * 64);
                var joined = (Vector512.Load(values + pair + half) & lower) | (Vector512.Load(values + (2 * 64) + pair + half) << 8);
                Vector512.Store(joined.AsByte() ^ offset, quads + (part / 2 * QuadBytes) + (part % 2 * 64));
            }
        }
    }

    /// <summary>Indices of the bytes of two pairs, in turn, from the row on that <paramref name="first"/> / 2 is.</summary>
    public static Vector512<byte> Interleave(int first)
    {
        var indices = new byte[64];
        for (var i = 0; i < 64; i++)
            indices[i] = (byte)(first + (i / 2) + (64 * (i % 2)));
        return Vector512.Create(indices);
    }
}
