using static System.Buffers.Binary.BinaryPrimitives;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Decoders of the "K" blocks of 256 elements, which scale the scales of their 8 or 16 parts once more. In types 2, 3 and 6, n is the half
/// of the block, t the quarter of the half and l the element of the quarter.
/// </summary>
internal static class LargeBlocks
{
    /// <summary><c>16 bytes: scale in the low nibble, minimum in the high | 64 bytes of pairs of bits | d | dmin</c>; y = (d sc) q - dmin mn.</summary>
    public static void Q2_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var (d, dmin) = ((float)ReadHalfLittleEndian(block[80..]), (float)ReadHalfLittleEndian(block[82..]));
        for (var part = 0; part < 16; part++)
        {
            float scale = d * (block[part] & 15), minimum = dmin * (block[part] >> 4);
            var (n, t) = (part / 8, part % 8 / 2);
            var pairs = block.Slice(16 + (32 * n) + (16 * (part & 1)), 16);
            for (var l = 0; l < 16; l++)
                values[(16 * part) + l] = (scale * ((pairs[l] >> (2 * t)) & 3)) - minimum;
        }
    }

    /// <summary><c>32 bytes of third bits | 64 bytes of pairs of bits | 12 bytes of scales of 6 bits | d</c>; y = (d sc) q, and 4 is subtracted from q where its third bit is 0.</summary>
    public static void Q3_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block[108..]);
        var scales = block.Slice(96, 12);
        for (var part = 0; part < 16; part++)
        {
            var low = part < 8 ? scales[part] & 15 : scales[part - 8] >> 4;
            var scale = d * ((low | (((scales[8 + (part % 4)] >> (2 * (part / 4))) & 3) << 4)) - 32);
            var (n, t) = (part / 8, part % 8 / 2);
            var first = 16 * (part & 1);
            for (var l = first; l < first + 16; l++)
            {
                var q = ((block[32 + (32 * n) + l] >> (2 * t)) & 3) - (((block[l] >> ((4 * n) + t)) & 1) == 0 ? 4 : 0);
                values[(128 * n) + (32 * t) + l] = scale * q;
            }
        }
    }

    /// <summary><c>d | dmin | 12 bytes of scales and minima of 6 bits | 128 bytes of nibbles</c>; y = (d sc) q - dmin mn.</summary>
    public static void Q4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var part = 0; part < 8; part++)
        {
            var (scale, minimum) = ScaleAndMinimum(block, part);
            var nibbles = block.Slice(16 + (32 * (part / 2)), 32);
            for (var l = 0; l < 32; l++)
                values[(32 * part) + l] = (scale * ((nibbles[l] >> (4 * (part & 1))) & 15)) - minimum;
        }
    }

    /// <summary><c>d | dmin | 12 bytes of scales and minima | 32 bytes of fifth bits | 128 bytes of nibbles</c>; y = (d sc) q - dmin mn.</summary>
    public static void Q5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        for (var part = 0; part < 8; part++)
        {
            var (scale, minimum) = ScaleAndMinimum(block, part);
            var nibbles = block.Slice(48 + (32 * (part / 2)), 32);
            for (var l = 0; l < 32; l++)
            {
                var q = ((nibbles[l] >> (4 * (part & 1))) & 15) + (((block[16 + l] >> part) & 1) << 4);
                values[(32 * part) + l] = (scale * q) - minimum;
            }
        }
    }

    /// <summary><c>128 bytes of nibbles | 64 bytes of upper pairs of bits | 16 signed scales | d</c>; y = d sc (q - 32).</summary>
    public static void Q6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var d = (float)ReadHalfLittleEndian(block[208..]);
        for (var part = 0; part < 16; part++)
        {
            var scale = d * (sbyte)block[192 + part];
            var (n, t) = (part / 8, part % 8 / 2);
            var first = 16 * (part & 1);
            for (var l = first; l < first + 16; l++)
            {
                var low = (block[(64 * n) + (32 * (t & 1)) + l] >> (4 * (t >> 1))) & 15;
                var high = (block[128 + (32 * n) + l] >> (2 * t)) & 3;
                values[(128 * n) + (32 * t) + l] = scale * ((low | (high << 4)) - 32);
            }
        }
    }

    /// <summary>
    /// d sc and dmin mn of one of 8 parts, from <c>d | dmin | 12 bytes s</c>: parts 0 to 3 have their 6 bits in s[part] and s[part + 4], parts 4 to 7
    /// four bits in the nibbles of s[part + 4] and two in the top of s[part - 4] and s[part].
    /// </summary>
    private static (float Scale, float Minimum) ScaleAndMinimum(ReadOnlySpan<byte> block, int part)
    {
        var s = block.Slice(4, 12);
        var (scale, minimum) = part < 4
            ? (s[part] & 63, s[part + 4] & 63)
            : ((s[part + 4] & 15) | ((s[part - 4] >> 6) << 4), (s[part + 4] >> 4) | ((s[part] >> 6) << 4));
        return ((float)ReadHalfLittleEndian(block) * scale, (float)ReadHalfLittleEndian(block[2..]) * minimum);
    }
}
