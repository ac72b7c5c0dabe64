using static System.Buffers.Binary.BinaryPrimitives;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Decoders of blocks of 32 elements. A block begins with a half-precision scale d, and a minimum m where the type has one. Low nibbles
/// are elements 0 to 15, high nibbles 16 to 31.
/// </summary>
internal static class SmallBlocks
{
    private const int Half = 16;

    /// <summary><c>d | 16 bytes of nibbles q</c>; y = d (q - 8).</summary>
    public static void Q4_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block);
        var nibbles = block[2..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = d * ((nibbles[i] & 15) - 8);
            values[i + Half] = d * ((nibbles[i] >> 4) - 8);
        }
    }

    /// <summary><c>d | m | 16 bytes of nibbles q</c>; y = d q + m.</summary>
    public static void Q4_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (d, m) = ((float)ReadHalfLittleEndian(block), (float)ReadHalfLittleEndian(block[2..]));
        var nibbles = block[4..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = (d * (nibbles[i] & 15)) + m;
            values[i + Half] = (d * (nibbles[i] >> 4)) + m;
        }
    }

    /// <summary><c>d | 32 fifth bits | 16 bytes of nibbles</c>; y = d (q - 16).</summary>
    public static void Q5_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block);
        var fifth = ReadUInt32LittleEndian(block[2..]);
        var nibbles = block[6..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = d * (Five(nibbles[i] & 15, fifth, i) - 16);
            values[i + Half] = d * (Five(nibbles[i] >> 4, fifth, i + Half) - 16);
        }
    }

    /// <summary><c>d | m | 32 fifth bits | 16 bytes of nibbles</c>; y = d q + m.</summary>
    public static void Q5_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (d, m) = ((float)ReadHalfLittleEndian(block), (float)ReadHalfLittleEndian(block[2..]));
        var fifth = ReadUInt32LittleEndian(block[4..]);
        var nibbles = block[8..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = (d * Five(nibbles[i] & 15, fifth, i)) + m;
            values[i + Half] = (d * Five(nibbles[i] >> 4, fifth, i + Half)) + m;
        }
    }

    /// <summary><c>d | 32 signed bytes q</c>; y = d q.</summary>
    public static void Q8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block);
        for (var i = 0; i < values.Length; i++)
            values[i] = d * (sbyte)block[2 + i];
    }

    private static int Five(int nibble, uint fifth, int i) => nibble | (int)(((fifth >> i) & 1) << 4);
}
