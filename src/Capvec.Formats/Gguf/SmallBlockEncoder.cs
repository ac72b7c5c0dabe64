using static System.Buffers.Binary.BinaryPrimitives;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Encoders of blocks of 32 elements, in the arithmetic of ggml's reference quantisers (float32, no fused multiply-add), so that the bytes are
/// the same. The scale is rounded to half precision only when it is stored; its inverse is 1/d, or 0 when d is 0.
/// </summary>
internal static class SmallBlockEncoder
{
    private const int Half = 16;

    /// <summary>d = max|x| / 127; q = x/d rounded, halves away from zero.</summary>
    public static void Q8_0(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
            largest = MathF.Max(largest, MathF.Abs(value));
        var d = largest / 127;
        var inverse = Inverse(d);
        WriteHalfLittleEndian(block, (System.Half)d);
        for (var i = 0; i < values.Length; i++)
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
    }

    /// <summary>d = m / -8, with m the first element of largest magnitude; q = x/d + 8.5 cut to a whole number, at most 15.</summary>
    public static void Q4_0(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = Furthest(values) / -8;
        var inverse = Inverse(d);
        WriteHalfLittleEndian(block, (System.Half)d);
        for (var i = 0; i < Half; i++)
        {
            var (low, high) = (Math.Min(15, (int)((values[i] * inverse) + 8.5f)), Math.Min(15, (int)((values[i + Half] * inverse) + 8.5f)));
            block[2 + i] = (byte)(low | (high << 4));
        }
    }

    /// <summary>d = (max - min) / 15, m = min; q = (x - m)/d + 0.5 cut to a whole number, at most 15.</summary>
    public static void Q4_1(ReadOnlySpan<float> values, Span<byte> block)
    {
        var (d, minimum) = Spread(values, 15);
        var inverse = Inverse(d);
        WriteHalfLittleEndian(block, (System.Half)d);
        WriteHalfLittleEndian(block[2..], (System.Half)minimum);
        for (var i = 0; i < Half; i++)
        {
            var (low, high) = (Math.Min(15, (int)(((values[i] - minimum) * inverse) + 0.5f)), Math.Min(15, (int)(((values[i + Half] - minimum) * inverse) + 0.5f)));
            block[4 + i] = (byte)(low | (high << 4));
        }
    }

    /// <summary>d = m / -16, with m the first element of largest magnitude; q = x/d + 16.5 cut to a whole number, at most 31.</summary>
    public static void Q5_0(ReadOnlySpan<float> values, Span<byte> block)
    {
        var d = Furthest(values) / -16;
        var inverse = Inverse(d);
        WriteHalfLittleEndian(block, (System.Half)d);
        Span<int> q = stackalloc int[2 * Half];
        for (var i = 0; i < q.Length; i++)
            q[i] = Math.Min(31, (int)((values[i] * inverse) + 16.5f));
        Five(q, block[2..]);
    }

    /// <summary>d = (max - min) / 31, m = min; q = (x - m)/d + 0.5 cut to a whole number, at most 31.</summary>
    public static void Q5_1(ReadOnlySpan<float> values, Span<byte> block)
    {
        var (d, minimum) = Spread(values, 31);
        var inverse = Inverse(d);
        WriteHalfLittleEndian(block, (System.Half)d);
        WriteHalfLittleEndian(block[2..], (System.Half)minimum);
        Span<int> q = stackalloc int[2 * Half];
        for (var i = 0; i < q.Length; i++)
            q[i] = Math.Min(31, (int)(((values[i] - minimum) * inverse) + 0.5f));
        Five(q, block[4..]);
    }

    private static float Inverse(float d) => d == 0 ? 0 : 1 / d;

    private static float Furthest(ReadOnlySpan<float> values)
    {
        var furthest = 0f;
        foreach (var value in values)
        {
            if (MathF.Abs(value) > MathF.Abs(furthest))
                furthest = value;
        }

        return furthest;
    }

    private static (float D, float Minimum) Spread(ReadOnlySpan<float> values, int steps)
    {
        var (minimum, maximum) = (float.MaxValue, -float.MaxValue);
        foreach (var value in values)
        {
            minimum = value < minimum ? value : minimum;
            maximum = value > maximum ? value : maximum;
        }

        return ((maximum - minimum) / steps, minimum);
    }

    /// <summary>32 fifth bits, then 16 bytes of nibbles.</summary>
    private static void Five(ReadOnlySpan<int> q, Span<byte> destination)
    {
        var fifth = 0u;
        for (var i = 0; i < q.Length; i++)
            fifth |= (uint)(q[i] >> 4) << i;
        WriteUInt32LittleEndian(destination, fifth);
        for (var i = 0; i < Half; i++)
            destination[4 + i] = (byte)((q[i] & 15) | ((q[i + Half] & 15) << 4));
    }
}
