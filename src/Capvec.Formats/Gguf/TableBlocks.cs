using static System.Buffers.Binary.BinaryPrimitives;

namespace Capvec.Formats.Gguf;

/// <summary>Decoders of blocks whose 4 bits choose one of 16 unevenly spaced values.</summary>
internal static class TableBlocks
{
    private static ReadOnlySpan<sbyte> Table => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary><c>d | 16 bytes of nibbles</c>; y = d table[q].</summary>
    public static void IQ4_NL(ReadOnlySpan<byte> block, Span<float> values) => Spread((float)ReadHalfLittleEndian(block), block[2..], values);

    /// <summary><c>d | 8 upper pairs of bits of scales | 8 lower nibbles of scales | 128 bytes of nibbles</c>; y = (d (sc - 32)) table[q].</summary>
    public static void IQ4_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block);
        int upper = ReadUInt16LittleEndian(block[2..]);
        for (var part = 0; part < 8; part++)
        {
            var scale = ((block[4 + (part / 2)] >> (4 * (part & 1))) & 15) | (((upper >> (2 * part)) & 3) << 4);
            Spread(d * (scale - 32), block.Slice(8 + (16 * part), 16), values.Slice(32 * part, 32));
        }
    }

    private static void Spread(float scale, ReadOnlySpan<byte> nibbles, Span<float> values)
    {
        for (var i = 0; i < 16; i++)
        {
            values[i] = scale * Table[nibbles[i] & 15];
            values[i + 16] = scale * Table[nibbles[i] >> 4];
        }
    }
}
