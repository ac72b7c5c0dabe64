using System.Numerics;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Writes a GGUF file of version 3: metadata and tensors in the order in which they were added. Tensors are asked for by rows while they are
/// written, so that a model never has to be in memory. The same content gives the same bytes.
/// </summary>
public sealed class GgufWriter
{
    private const int ChunkElements = 1 << 18;
    private const string AlignmentKey = "general.alignment";

    private readonly OrderedDictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly OrderedDictionary<string, Entry> _tensors = new(StringComparer.Ordinal);

    /// <summary>Sets a metadata value; the type in the file follows from that of the value. <c>general.alignment</c> is obeyed.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">One of the types of <see cref="GgufMetadata.Values"/>.</param>
    /// <exception cref="ArgumentException">A value of another type, or an alignment that is not a uint and a power of two.</exception>
    public GgufWriter Set(string key, object value)
    {
        _ = GgufValueWriter.TypeOf(value is Array ? value.GetType().GetElementType()! : value.GetType());
        if (key == AlignmentKey && !(value is uint alignment and <= 1 << 30 && BitOperations.IsPow2(alignment)))
            throw new ArgumentException($"{AlignmentKey} has to be a uint and a power of two, not {value}");
        _values[key] = value;
        return this;
    }

    /// <summary>Adds a tensor of float32 values that are stored as <paramref name="type"/>.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">One that <see cref="GgufBlocks.CanQuantize"/> is true for.</param>
    /// <param name="shape">Its sizes, outermost first.</param>
    /// <param name="rows">Gives its values; called while writing.</param>
    /// <exception cref="CapvecException">The name is too long, or a row is not whole blocks of the type.</exception>
    /// <exception cref="ArgumentException">The name is taken, the type is not written, or the shape has more than four sizes or one below 1.</exception>
    public GgufWriter Add(string name, GgufType type, ReadOnlySpan<long> shape, RowReader<float> rows)
    {
        if (!GgufBlocks.CanQuantize(type))
            throw new ArgumentException($"{type} is read but not written");
        return Add(name, type, shape, (tensor, stream) => WriteValues(tensor, rows, stream));
    }

    /// <summary>Adds a tensor whose stored blocks exist already, of any type.</summary>
    /// <inheritdoc cref="Add(string, GgufType, ReadOnlySpan{long}, RowReader{float})"/>
    public GgufWriter AddRaw(string name, GgufType type, ReadOnlySpan<long> shape, RowReader<byte> rows) =>
        Add(name, type, shape, (tensor, stream) => WriteRaw(tensor, rows, stream));

    /// <summary>Writes the file atomically, asking for the tensors one after the other.</summary>
    /// <exception cref="CapvecException">The folder cannot be written or the disk is full, or a tensor holds a value that its type cannot store.</exception>
    public void Write(string path)
    {
        var alignment = _values.TryGetValue(AlignmentKey, out var stated) ? (int)(uint)stated : 32;
        AtomicFile.Write(path, stream =>
        {
            var header = Header(alignment);
            stream.Write(header);
            Pad(stream, header.Length, alignment);
            foreach (var (tensor, write) in _tensors.Values)
            {
                write(tensor, stream);
                Pad(stream, tensor.ByteLength, alignment);
            }
        });
    }

    private static void Pad(Stream stream, long length, int alignment) => stream.Write(new byte[GgufHeader.Align(length, alignment) - length]);

    private static void WriteValues(GgufTensor tensor, RowReader<float> read, Stream stream)
    {
        var rowsAtOnce = (int)Math.Clamp(ChunkElements / tensor.Columns, 1, tensor.Rows);
        var values = new float[rowsAtOnce * tensor.Columns];
        var blocks = new byte[rowsAtOnce * tensor.RowBytes];
        for (var row = 0L; row < tensor.Rows; row += rowsAtOnce)
        {
            var count = (int)Math.Min(rowsAtOnce, tensor.Rows - row);
            var part = values.AsSpan(0, (int)(count * tensor.Columns));
            read(row, part);
            if (tensor.Type is not (GgufType.F32 or GgufType.BF16))
                CheckRange(tensor, row, part);
            var stored = blocks.AsSpan(0, (int)(count * tensor.RowBytes));
            GgufBlocks.Quantize(tensor.Type, part, stored);
            stream.Write(stored);
        }
    }

    /// <summary>Half precision, in which scales and F16 are stored, ends at 65504; beyond it a block would become infinite or NaN in silence.</summary>
    private static void CheckRange(GgufTensor tensor, long firstRow, ReadOnlySpan<float> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            if (!(MathF.Abs(values[i]) <= (float)Half.MaxValue))
                throw new CapvecException($"tensor '{tensor.Name}' has the value {values[i].ToString(System.Globalization.CultureInfo.InvariantCulture)} in row {firstRow + (i / tensor.Columns)}; {tensor.Type} stores finite values up to {(float)Half.MaxValue}, write this tensor as F32.");
        }
    }

    private static void WriteRaw(GgufTensor tensor, RowReader<byte> read, Stream stream)
    {
        var rowsAtOnce = (int)Math.Clamp(ChunkElements / tensor.RowBytes, 1, tensor.Rows);
        var blocks = new byte[rowsAtOnce * tensor.RowBytes];
        for (var row = 0L; row < tensor.Rows; row += rowsAtOnce)
        {
            var part = blocks.AsSpan(0, (int)(Math.Min(rowsAtOnce, tensor.Rows - row) * tensor.RowBytes));
            read(row, part);
            stream.Write(part);
        }
    }

    private GgufWriter Add(string name, GgufType type, ReadOnlySpan<long> shape, Action<GgufTensor, Stream> write)
    {
        if (Encoding.UTF8.GetByteCount(name) > GgufHeader.MaxNameBytes)
            throw new CapvecException($"tensor '{name}' cannot be stored: names in GGUF have at most {GgufHeader.MaxNameBytes} bytes.");
        if (shape.Length > GgufHeader.MaxDimensions || shape.ContainsAnyInRange(long.MinValue, 0))
            throw new ArgumentException($"tensor '{name}' has the shape [{string.Join(", ", shape.ToArray())}]; up to {GgufHeader.MaxDimensions} sizes from 1 are allowed");
        long[] dimensions = [.. shape.ToArray().Reverse()];
        var columns = dimensions.Length == 0 ? 1 : dimensions[0];
        if (columns % type.BlockElements() != 0)
            throw new CapvecException($"tensor '{name}' has rows of {columns} elements; {type} stores blocks of {type.BlockElements()}, write this tensor as F32 or F16.");
        var bytes = dimensions.Skip(1).Aggregate(type.RowBytes(columns), (product, size) => checked(product * size));
        if (!_tensors.TryAdd(name, new Entry(new GgufTensor(name, type, dimensions, 0, bytes, 0), write)))
            throw new ArgumentException($"tensor name '{name}' is taken");
        return this;
    }

    private byte[] Header(int alignment)
    {
        using var buffer = new MemoryStream();
        var writer = new GgufValueWriter(buffer);
        buffer.Write("GGUF"u8);
        writer.Write(3u);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_values.Count);
        foreach (var (key, value) in _values)
            writer.Pair(key, value);
        var offset = 0L;
        foreach (var (tensor, _) in _tensors.Values)
        {
            writer.Write(tensor.Name);
            writer.Write((uint)tensor.Dimensions.Length);
            foreach (var size in tensor.Dimensions)
                writer.Write(size);
            writer.Write((uint)tensor.Type);
            writer.Write(offset);
            offset = GgufHeader.Align(offset + tensor.ByteLength, alignment);
        }

        return buffer.ToArray();
    }

    private sealed record Entry(GgufTensor Tensor, Action<GgufTensor, Stream> Write);
}
