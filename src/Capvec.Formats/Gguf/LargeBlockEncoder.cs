using static System.Buffers.Binary.BinaryPrimitives;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Encoders of blocks of 256 elements: scales from the range of each part, then every element to the nearest step. Any reader decodes them;
/// ggml's quantiser searches for better scales and chooses other bytes, with an error that is smaller by 5 (Q6_K) to 10 (Q4_K) per cent.
/// </summary>
internal static class LargeBlockEncoder
{
    /// <summary>Below this the block counts as zero, as in ggml.</summary>
    private const float Tiny = 1e-15f;

    /// <summary>Each part of 32 is spread from its minimum (at most 0) to its maximum in 15 steps; see <see cref="LargeBlocks.Q4_K"/> for the layout.</summary>
    public static void Q4_K(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[8], minima = stackalloc float[8];
        float largestScale = 0, largestMinimum = 0;
        for (var part = 0; part < 8; part++)
        {
            float low = 0, high = 0;
            foreach (var value in values.Slice(32 * part, 32))
                (low, high) = (MathF.Min(low, value), MathF.Max(high, value));
            (scales[part], minima[part]) = ((high - low) / 15, -low);
            (largestScale, largestMinimum) = (MathF.Max(largestScale, scales[part]), MathF.Max(largestMinimum, minima[part]));
        }

        block.Clear();
        WriteHalfLittleEndian(block, (Half)(largestScale / 63));
        WriteHalfLittleEndian(block[2..], (Half)(largestMinimum / 63));
        var (d, dmin) = ((float)ReadHalfLittleEndian(block), (float)ReadHalfLittleEndian(block[2..]));
        for (var part = 0; part < 8; part++)
        {
            var (scale, minimum) = (Step(scales[part], d, 0, 63), Step(minima[part], dmin, 0, 63));
            PutScale(block.Slice(4, 12), part, scale, minimum);
            for (var l = 0; l < 32; l++)
                block[16 + (32 * (part / 2)) + l] |= (byte)(Step(values[(32 * part) + l] + (dmin * minimum), d * scale, 0, 15) << (4 * (part & 1)));
        }
    }

    /// <summary>Each part of 16 gets the scale that puts its element of largest magnitude at -32; see <see cref="LargeBlocks.Q6_K"/> for the layout.</summary>
    public static void Q6_K(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> scales = stackalloc float[16];
        var largest = 0f;
        for (var part = 0; part < 16; part++)
        {
            var furthest = 0f;
            foreach (var value in values.Slice(16 * part, 16))
                furthest = MathF.Abs(value) > MathF.Abs(furthest) ? value : furthest;
            scales[part] = furthest / -32;
            largest = MathF.Abs(scales[part]) > MathF.Abs(largest) ? scales[part] : largest;
        }

        block.Clear();
        WriteHalfLittleEndian(block[208..], (Half)(MathF.Abs(largest) < Tiny ? 0 : largest / -128));
        var d = (float)ReadHalfLittleEndian(block[208..]);
        for (var part = 0; part < 16; part++)
        {
            var scale = Step(scales[part], d, -128, 127);
            block[192 + part] = (byte)(sbyte)scale;
            var (n, t) = (part / 8, part % 8 / 2);
            for (var i = 0; i < 16; i++)
            {
                var l = (16 * (part & 1)) + i;
                var q = Step(values[(16 * part) + i], d * scale, -32, 31) + 32;
                block[(64 * n) + (32 * (t & 1)) + l] |= (byte)((q & 15) << (4 * (t >> 1)));
                block[128 + (32 * n) + l] |= (byte)((q >> 4) << (2 * t));
            }
        }
    }

    /// <summary>The nearest whole number of steps, held between bounds; 0 for steps of 0.</summary>
    private static int Step(float value, float step, int lowest, int highest) =>
        step == 0 ? 0 : (int)Math.Clamp(MathF.Round(value / step), lowest, highest);

    /// <summary>Puts two numbers of 6 bits where <see cref="LargeBlocks.Q4_K"/> reads them.</summary>
    private static void PutScale(Span<byte> s, int part, int scale, int minimum)
    {
        if (part < 4)
        {
            s[part] |= (byte)scale;
            s[part + 4] |= (byte)minimum;
            return;
        }

        s[part + 4] = (byte)((scale & 15) | ((minimum & 15) << 4));
        s[part - 4] |= (byte)((scale >> 4) << 6);
        s[part] |= (byte)((minimum >> 4) << 6);
    }
}
