using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Numpy;

/// <summary>Writes arrays as <c>numpy.save</c> does: version 1.0, row major, data at a multiple of 64.</summary>
public static class NpyWriter
{
    private const int Alignment = 64;

    /// <summary>Writes a float32 array atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="values">The elements, row major.</param>
    /// <exception cref="CapvecException">The folder cannot be written or the disk is full.</exception>
    /// <exception cref="ArgumentException">The shape does not fit the values.</exception>
    public static void Write(string path, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values) => Write(path, ElementType.F32, shape, values);

    /// <summary>Writes an int64 array atomically.</summary>
    /// <inheritdoc cref="Write(string, ReadOnlySpan{long}, ReadOnlyMemory{float})"/>
    public static void Write(string path, ReadOnlySpan<long> shape, ReadOnlyMemory<long> values) => Write(path, ElementType.I64, shape, values);

    private static void Write<T>(string path, ElementType type, ReadOnlySpan<long> shape, ReadOnlyMemory<T> values)
        where T : unmanaged
    {
        var product = 1L;
        foreach (var size in shape)
            product = checked(product * size);
        if (product != values.Length)
            throw new ArgumentException($"shape [{string.Join(", ", shape.ToArray())}] does not hold {values.Length} values");
        var sizes = string.Join(", ", shape.ToArray()) + (shape.Length == 1 ? "," : "");
        var text = $"{{'descr': '{NpyHeader.DescrOf(type)}', 'fortran_order': False, 'shape': ({sizes}), }}";
        var length = ((10 + text.Length + 1 + Alignment - 1) / Alignment * Alignment) - 10;
        AtomicFile.Write(path, stream =>
        {
            Span<byte> head = [.. NpyHeader.Magic, 1, 0, 0, 0];
            BinaryPrimitives.WriteUInt16LittleEndian(head[8..], (ushort)length);
            stream.Write(head);
            stream.Write(Encoding.ASCII.GetBytes(text.PadRight(length - 1) + "\n"));
            var left = values.Span;
            while (!left.IsEmpty)
            {
                // In pieces, because the bytes of a large array do not fit one span.
                var part = left[..Math.Min(left.Length, 1 << 20)];
                stream.Write(MemoryMarshal.AsBytes(part));
                left = left[part.Length..];
            }
        });
    }
}
