using Capvec.Formats.Tensors;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Turns stored blocks into float32. The layouts and the order of the float32 products are those of ggml's reference functions, whose bits
/// are the expected result: no fused multiply-add, no other grouping.
/// </summary>
public static class GgufBlocks
{
    private delegate void BlockDecoder(ReadOnlySpan<byte> block, Span<float> values);

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">How they are stored.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="destination">Receives the elements.</param>
    /// <exception cref="ArgumentException">The source is not as many whole blocks as the destination takes.</exception>
    public static void Dequantize(GgufType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var (elements, bytes) = (type.BlockElements(), type.BlockBytes());
        if (destination.Length % elements != 0 || source.Length != destination.Length / elements * (long)bytes)
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} elements of {type}");
        BlockDecoder? decode = type switch
        {
            GgufType.Q4_0 => SmallBlocks.Q4_0,
            GgufType.Q4_1 => SmallBlocks.Q4_1,
            GgufType.Q5_0 => SmallBlocks.Q5_0,
            GgufType.Q5_1 => SmallBlocks.Q5_1,
            GgufType.Q8_0 => SmallBlocks.Q8_0,
            GgufType.Q2_K => LargeBlocks.Q2_K,
            GgufType.Q3_K => LargeBlocks.Q3_K,
            GgufType.Q4_K => LargeBlocks.Q4_K,
            GgufType.Q5_K => LargeBlocks.Q5_K,
            GgufType.Q6_K => LargeBlocks.Q6_K,
            GgufType.IQ4_NL => TableBlocks.IQ4_NL,
            GgufType.IQ4_XS => TableBlocks.IQ4_XS,
            _ => null,
        };
        if (decode is null)
        {
            ElementConversion.ToSingle(type switch { GgufType.F32 => ElementType.F32, GgufType.F16 => ElementType.F16, _ => ElementType.BF16 }, source, destination);
            return;
        }

        for (int from = 0, to = 0; to < destination.Length; from += bytes, to += elements)
            decode(source.Slice(from, bytes), destination.Slice(to, elements));
    }
}
