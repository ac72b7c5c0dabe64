using System.Buffers.Binary;
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

    private static void WriteBFloat16(Stream stream, ReadOnlySpan<float> values)
    {
        var chunk = new byte[1 << 16];
        while (!values.IsEmpty)
        {
            var count = Math.Min(values.Length, chunk.Length / 2);
            for (var i = 0; i < count; i++)
                BinaryPrimitives.WriteUInt16LittleEndian(chunk.AsSpan(2 * i), ElementConversion.ToBFloat16(values[i]));
            stream.Write(chunk, 0, 2 * count);
            values = values[count..];
        }
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

    private sealed record Entry(ElementType Type, long[] Shape, long ByteLength, Action<Stream> Write);
}
