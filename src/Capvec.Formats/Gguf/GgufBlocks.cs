using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Turns stored blocks into float32, and float32 into blocks. The layouts and the order of the float32 products are those of ggml's reference
/// functions, whose bits are the expected result: no fused multiply-add, no other grouping.
/// </summary>
public static class GgufBlocks
{
    private delegate void BlockDecoder(ReadOnlySpan<byte> block, Span<float> values);

    private delegate void BlockEncoder(ReadOnlySpan<float> values, Span<byte> block);

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">How they are stored.</param>
    /// <param name="source">The blocks.</param>
    /// <param name="destination">Receives the elements.</param>
    /// <exception cref="ArgumentException">The source is not as many whole blocks as the destination takes.</exception>
    public static void Dequantize(GgufType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var (elements, bytes) = Check(type, destination.Length, source.Length);
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

    /// <summary>Whether <see cref="Quantize"/> writes this type.</summary>
    public static bool CanQuantize(GgufType type) => type is GgufType.F32 or GgufType.F16 or GgufType.BF16 || Encoder(type) is not null;

    /// <summary>Encodes whole blocks. All types but Q4_K and Q6_K give the bytes of ggml's reference quantisers.</summary>
    /// <param name="type">One that <see cref="CanQuantize"/> is true for.</param>
    /// <param name="source">Finite values, for quantised types and F16 of magnitudes that half precision holds.</param>
    /// <param name="destination">Receives the blocks.</param>
    /// <exception cref="ArgumentException">Another type, or the destination is not as many whole blocks as the source makes.</exception>
    public static void Quantize(GgufType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        var (elements, bytes) = Check(type, source.Length, destination.Length);
        switch (type)
        {
            case GgufType.F32:
                MemoryMarshal.AsBytes(source).CopyTo(destination);
                return;
            case GgufType.F16:
                for (var i = 0; i < source.Length; i++)
                    BinaryPrimitives.WriteHalfLittleEndian(destination[(2 * i)..], (Half)source[i]);
                return;
            case GgufType.BF16:
                for (var i = 0; i < source.Length; i++)
                    BinaryPrimitives.WriteUInt16LittleEndian(destination[(2 * i)..], ElementConversion.ToBFloat16(source[i]));
                return;
        }

        var encode = Encoder(type) ?? throw new ArgumentException($"{type} is read but not written");
        for (int from = 0, to = 0; from < source.Length; from += elements, to += bytes)
            encode(source.Slice(from, elements), destination.Slice(to, bytes));
    }

    private static BlockEncoder? Encoder(GgufType type) => type switch
    {
        GgufType.Q4_0 => SmallBlockEncoder.Q4_0,
        GgufType.Q4_1 => SmallBlockEncoder.Q4_1,
        GgufType.Q5_0 => SmallBlockEncoder.Q5_0,
        GgufType.Q5_1 => SmallBlockEncoder.Q5_1,
        GgufType.Q8_0 => SmallBlockEncoder.Q8_0,
        GgufType.Q4_K => LargeBlockEncoder.Q4_K,
        GgufType.Q6_K => LargeBlockEncoder.Q6_K,
        _ => null,
    };

    private static (int Elements, int Bytes) Check(GgufType type, int values, int stored)
    {
        var (elements, bytes) = (type.BlockElements(), type.BlockBytes());
        return values % elements == 0 && stored == values / elements * (long)bytes
            ? (elements, bytes)
            : throw new ArgumentException($"{stored} bytes are not {values} elements of {type}");
    }
}
