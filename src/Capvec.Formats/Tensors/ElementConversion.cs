using System.Buffers.Binary;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Capvec.Formats.Tensors;

/// <summary>Sizes of element types, and conversion of raw little-endian elements to the two types that the rest of Capvec computes with.</summary>
public static class ElementConversion
{
    /// <summary>Bytes an element.</summary>
    public static int Size(this ElementType type) => type switch
    {
        ElementType.Bool or ElementType.U8 or ElementType.I8 or ElementType.F8E5M2 or ElementType.F8E4M3 => 1,
        ElementType.I16 or ElementType.U16 or ElementType.F16 or ElementType.BF16 => 2,
        ElementType.I32 or ElementType.U32 or ElementType.F32 => 4,
        _ => 8,
    };

    /// <summary>Whether <see cref="ToSingle"/> converts this type.</summary>
    public static bool IsFloat(this ElementType type) =>
        type is ElementType.F32 or ElementType.F16 or ElementType.BF16 or ElementType.F64 or ElementType.F8E4M3 or ElementType.F8E5M2;

    /// <summary>Whether <see cref="ToInt64"/> converts this type without loss.</summary>
    public static bool IsInteger(this ElementType type) =>
        type is ElementType.Bool or ElementType.U8 or ElementType.I8 or ElementType.I16 or ElementType.U16 or ElementType.I32 or ElementType.U32 or ElementType.I64;

    /// <summary>Converts raw elements to float32: exact from all but F64, which is rounded to nearest even.</summary>
    /// <param name="type">A float type.</param>
    /// <param name="source">The raw bytes of as many elements as <paramref name="destination"/> takes.</param>
    /// <param name="destination">Receives the values.</param>
    /// <exception cref="ArgumentException">Another type, or a length that does not fit.</exception>
    public static void ToSingle(ElementType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (source.Length != destination.Length * (long)type.Size())
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} elements of {type}");
        switch (type)
        {
            case ElementType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case ElementType.BF16:
                WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(source), MemoryMarshal.Cast<float, uint>(destination));
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            case ElementType.F64:
                TensorPrimitives.ConvertTruncating<double, float>(MemoryMarshal.Cast<byte, double>(source), destination);
                break;
            case ElementType.F8E4M3:
                for (var i = 0; i < source.Length; i++)
                    destination[i] = FromFloat8E4M3(source[i]);
                break;
            case ElementType.F8E5M2:
                for (var i = 0; i < source.Length; i++)
                    destination[i] = (float)BitConverter.UInt16BitsToHalf((ushort)(source[i] << 8));
                break;
            default:
                throw new ArgumentException($"{type} is not a float type that converts to float32");
        }
    }

    /// <summary>Converts raw integer or boolean elements to int64.</summary>
    /// <exception cref="ArgumentException">The type does not fit an int64, or a length does not fit.</exception>
    public static void ToInt64(ElementType type, ReadOnlySpan<byte> source, Span<long> destination)
    {
        var size = type.Size();
        if (source.Length != destination.Length * (long)size)
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} elements of {type}");
        for (var i = 0; i < destination.Length; i++)
        {
            var at = source[(i * size)..];
            destination[i] = type switch
            {
                ElementType.Bool or ElementType.U8 => at[0],
                ElementType.I8 => (sbyte)at[0],
                ElementType.I16 => BinaryPrimitives.ReadInt16LittleEndian(at),
                ElementType.U16 => BinaryPrimitives.ReadUInt16LittleEndian(at),
                ElementType.I32 => BinaryPrimitives.ReadInt32LittleEndian(at),
                ElementType.U32 => BinaryPrimitives.ReadUInt32LittleEndian(at),
                ElementType.I64 => BinaryPrimitives.ReadInt64LittleEndian(at),
                _ => throw new ArgumentException($"{type} is not an integer type that fits an int64"),
            };
        }
    }

    /// <summary>The nearest bfloat16, ties to even; NaN stays NaN.</summary>
    public static ushort ToBFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>
    /// <c>sign | 4 bits of exponent, bias 7 | 3 bits of mantissa</c>, the finite variant ("fn") that safetensors and torch.float8_e4m3fn mean: no infinities, all ones
    /// are NaN, largest value 448.
    /// </summary>
    private static float FromFloat8E4M3(byte bits)
    {
        var (exponent, mantissa) = ((bits >> 3) & 15, bits & 7);
        var magnitude = exponent switch
        {
            15 when mantissa == 7 => float.NaN,
            0 => mantissa * MathF.ScaleB(1, -9),
            _ => (8 + mantissa) * MathF.ScaleB(1, exponent - 10),
        };
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }

    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        var i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out var low, out var high);
            (low << 16).CopyTo(destination[i..]);
            (high << 16).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
            destination[i] = (uint)source[i] << 16;
    }
}
