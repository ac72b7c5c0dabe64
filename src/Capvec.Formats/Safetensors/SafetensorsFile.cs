using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Safetensors;

/// <summary>
/// One open safetensors file: a checked header, and tensors read by position. Reads may run on many threads at once.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly RandomFile _file;

    private SafetensorsFile(RandomFile file, SafetensorsHeader header)
    {
        _file = file;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
    }

    /// <summary>The file.</summary>
    public string Path => _file.Path;

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>The strings under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="CapvecException">The file is missing, truncated or breaks a rule of the format; the message names file and field.</exception>
    public static SafetensorsFile Open(string path)
    {
        RandomFile? file = RandomFile.Open(path);
        try
        {
            Span<byte> head = stackalloc byte[8];
            if (file.Length < 8)
                throw new CapvecException($"{path} is truncated: it has {file.Length} bytes, a safetensors file has at least 10; download or copy it again.");
            file.Read(head, 0);
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (headerLength > SafetensorsHeader.MaxLength)
                throw new CapvecException($"{path}: the first 8 bytes say that the header has {headerLength} bytes; at most {SafetensorsHeader.MaxLength} are allowed, so this is not a safetensors file or it is damaged.");
            if ((long)headerLength > file.Length - 8)
                throw new CapvecException($"{path} is truncated: it has {file.Length} bytes, its header alone takes {headerLength + 8}; download or copy it again.");
            var json = new byte[headerLength];
            file.Read(json, 8);
            var opened = new SafetensorsFile(file, SafetensorsHeader.Parse(path, json, file.Length));
            file = null;
            return opened;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CapvecException">There is none of this name.</exception>
    public SafetensorsTensor Find(string name) => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CapvecException($"{Path} has no tensor '{name}'; it has {Tensors.Count} tensors{Closest(name)}.");

    /// <summary>Reads a whole float tensor as float32, row major.</summary>
    /// <exception cref="CapvecException">No such tensor, another type, too many elements for an array, or the file cannot be read.</exception>
    public float[] ReadFloat32(string name)
    {
        var tensor = Find(name);
        if (tensor.Count > Array.MaxLength)
            throw new CapvecException($"{Path}: tensor '{name}' has {tensor.Count} elements; at most {Array.MaxLength} can be read at once.");
        var values = GC.AllocateUninitializedArray<float>((int)tensor.Count);
        ReadFloat32(name, 0, values);
        return values;
    }

    /// <summary>Reads <c>destination.Length</c> elements of a float tensor from element <paramref name="start"/> on, as float32.</summary>
    /// <exception cref="CapvecException">No such tensor, another type, or the file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    public void ReadFloat32(string name, long start, Span<float> destination)
    {
        var tensor = Find(name);
        if (!tensor.Dtype.IsFloat())
            throw new CapvecException($"{Path}: tensor '{name}' is {SafetensorsNames.Of(tensor.Dtype)}; expected F32, F16, BF16, F64 or F8.");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.Count - start);
        var size = tensor.Dtype.Size();
        if (tensor.Dtype == ElementType.F32)
        {
            _file.Read(MemoryMarshal.AsBytes(destination), tensor.Offset + (start * size));
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (var done = 0; done < destination.Length;)
            {
                var count = Math.Min(destination.Length - done, ChunkBytes / size);
                var raw = buffer.AsSpan(0, count * size);
                _file.Read(raw, tensor.Offset + ((start + done) * size));
                ElementConversion.ToSingle(tensor.Dtype, raw, destination.Slice(done, count));
                done += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads a whole integer tensor (or BOOL) as int64, row major.</summary>
    /// <exception cref="CapvecException">No such tensor, another type (U64 included), or the file cannot be read.</exception>
    public long[] ReadInt64(string name)
    {
        var tensor = Find(name);
        if (!tensor.Dtype.IsInteger())
            throw new CapvecException($"{Path}: tensor '{name}' is {SafetensorsNames.Of(tensor.Dtype)}; expected I64, I32 or a smaller integer.");
        if (tensor.ByteLength > Array.MaxLength)
            throw new CapvecException($"{Path}: tensor '{name}' has {tensor.ByteLength} bytes; at most {Array.MaxLength} can be read at once.");
        var raw = new byte[tensor.ByteLength];
        _file.Read(raw, tensor.Offset);
        var values = new long[tensor.Count];
        ElementConversion.ToInt64(tensor.Dtype, raw, values);
        return values;
    }

    /// <summary>Reads raw bytes of a tensor from byte <paramref name="start"/> of it on, as many as <paramref name="destination"/> takes.</summary>
    /// <exception cref="CapvecException">No such tensor, or the file cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range leaves the tensor.</exception>
    public void ReadRaw(string name, Span<byte> destination, long start = 0)
    {
        var tensor = Find(name);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.ByteLength - start);
        _file.Read(destination, tensor.Offset + start);
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private string Closest(string name)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        var near = Tensors.Keys.FirstOrDefault(k => k.EndsWith(name, StringComparison.Ordinal) || name.EndsWith(k, StringComparison.Ordinal))
            ?? Tensors.Keys.FirstOrDefault(k => k.EndsWith(last, StringComparison.Ordinal));
        return near is null ? "" : $", such as '{near}'";
    }
}
