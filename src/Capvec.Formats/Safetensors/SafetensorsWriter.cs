using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Safetensors;

/// <summary>
/// Collects tensors and writes them as one safetensors file. The same content gives the same bytes: tensors stand by falling element
/// size and then by name, metadata by key, and the header is padded to a multiple of 8 so that all data are aligned.
/// </summary>
public sealed class SafetensorsWriter
{
    private const int ChunkElements = 1 << 18;

    private readonly SortedDictionary<string, Entry> _tensors = new(StringComparer.Ordinal);

    /// <summary>The strings that go under <c>__metadata__</c>.</summary>
    public SortedDictionary<string, string> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Adds a float32 tensor. The values are not copied and must not change until they are written.</summary>
    /// <exception cref="ArgumentException">The shape does not fit the values, or the name is taken.</exception>
    public SafetensorsWriter Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values) =>
        Add(name, shape, ElementType.F32, values.Length, s => s.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>Adds an int64 tensor. The values are not copied and must not change until they are written.</summary>
    /// <exception cref="ArgumentException">The shape does not fit the values, or the name is taken.</exception>
    public SafetensorsWriter AddInt64(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<long> values) =>
        Add(name, shape, ElementType.I64, values.Length, s => s.Write(MemoryMarshal.AsBytes(values.Span)));

    /// <summary>Adds a tensor as bfloat16, rounded to nearest even. The values are not copied and must not change until they are written.</summary>
    /// <exception cref="ArgumentException">The shape does not fit the values, or the name is taken.</exception>
    public SafetensorsWriter AddBFloat16(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values) =>
        Add(name, shape, ElementType.BF16, values.Length, s => WriteBFloat16(s, values.Span));

    /// <summary>Adds a tensor whose values are asked for by rows while the file is written, so that it never has to be in memory.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">F32, F16 or BF16; values are rounded to nearest even.</param>
    /// <param name="shape">Its sizes, outermost first.</param>
    /// <param name="rows">Gives its values; called while writing.</param>
    /// <exception cref="ArgumentException">Another type, or the name is taken.</exception>
    public SafetensorsWriter AddRows(string name, ElementType type, ReadOnlySpan<long> shape, RowReader<float> rows)
    {
        if (type is not (ElementType.F32 or ElementType.F16 or ElementType.BF16))
            throw new ArgumentException($"float values are not written as {type}");
        var (count, columns) = Rows(shape);
        return Add(name, shape, type, count * columns, stream => InChunks(count, columns, rows, values => stream.Write(Narrow(name, type, values))));
    }

    /// <summary>Adds a tensor of any type whose bytes are asked for by rows while the file is written.</summary>
    /// <inheritdoc cref="AddRows"/>
    public SafetensorsWriter AddRaw(string name, ElementType type, ReadOnlySpan<long> shape, RowReader<byte> rows)
    {
        var (count, columns) = Rows(shape);
        return Add(name, shape, type, count * columns, stream => InChunks(count, columns * type.Size(), rows, bytes => stream.Write(bytes)));
    }

    /// <summary>Writes the file atomically.</summary>
    /// <exception cref="CapvecException">The folder cannot be written or the disk is full.</exception>
    public void Write(string path)
    {
        var ordered = _tensors.OrderByDescending(pair => pair.Value.Type.Size()).ToList();
        var header = Header(ordered);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> length = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
            stream.Write(length);
            stream.Write(header);
            foreach (var (_, entry) in ordered)
                entry.Write(stream);
        });
    }

    private static (long Count, long Columns) Rows(ReadOnlySpan<long> shape)
    {
        var rows = 1L;
        foreach (var size in shape.IsEmpty ? shape : shape[..^1])
            rows = checked(rows * size);
        return (rows, shape.IsEmpty ? 1 : shape[^1]);
    }

    private static void InChunks<T>(long rows, long columns, RowReader<T> read, SpanWriter<T> write)
    {
        if (rows == 0 || columns == 0)
            return;
        var atOnce = Math.Clamp(ChunkElements / columns, 1, rows);
        var chunk = new T[atOnce * columns];
        for (var row = 0L; row < rows; row += atOnce)
        {
            var part = chunk.AsSpan(0, (int)(Math.Min(atOnce, rows - row) * columns));
            read(row, part);
            write(part);
        }
    }

    private static void WriteBFloat16(Stream stream, ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            var part = values[..Math.Min(values.Length, ChunkElements)];
            stream.Write(Narrow("", ElementType.BF16, part));
            values = values[part.Length..];
        }
    }

    private static ReadOnlySpan<byte> Narrow(string name, ElementType type, ReadOnlySpan<float> values)
    {
        if (type == ElementType.F32)
            return MemoryMarshal.AsBytes(values);
        var bytes = new byte[values.Length * sizeof(ushort)];
        var narrow = MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan());
        for (var i = 0; i < values.Length; i++)
        {
            narrow[i] = type == ElementType.BF16 ? ElementConversion.ToBFloat16(values[i]) : BitConverter.HalfToUInt16Bits((Half)values[i]);
            if (type == ElementType.F16 && float.IsFinite(values[i]) && !Half.IsFinite(BitConverter.UInt16BitsToHalf(narrow[i])))
                throw new CapvecException(string.Create(CultureInfo.InvariantCulture, $"tensor '{name}' has the value {values[i]}; F16 stores values up to 65504, choose f32 or bf16."));
        }

        return bytes;
    }

    private SafetensorsWriter Add(string name, ReadOnlySpan<long> shape, ElementType type, long count, Action<Stream> write)
    {
        var product = 1L;
        foreach (var size in shape)
            product = checked(product * size);
        if (product != count)
            throw new ArgumentException($"tensor '{name}': shape [{string.Join(", ", shape.ToArray())}] does not hold {count} values");
        if (name == "__metadata__" || !_tensors.TryAdd(name, new Entry(type, shape.ToArray(), count * type.Size(), write)))
            throw new ArgumentException($"tensor name '{name}' is taken");
        return this;
    }

    private byte[] Header(List<KeyValuePair<string, Entry>> ordered)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach (var (key, value) in Metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            var at = 0L;
            foreach (var (name, entry) in ordered)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", SafetensorsNames.Of(entry.Type));
                json.WriteStartArray("shape");
                foreach (var size in entry.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(at);
                json.WriteNumberValue(at += entry.ByteLength);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private delegate void SpanWriter<T>(ReadOnlySpan<T> values);

    private sealed record Entry(ElementType Type, long[] Shape, long ByteLength, Action<Stream> Write);
}
