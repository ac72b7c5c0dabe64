using System.Buffers;
using System.Buffers.Binary;
using Capvec.Formats.Errors;
using Capvec.Formats.Tensors;
using Microsoft.Win32.SafeHandles;

namespace Capvec.Formats.Safetensors;

/// <summary>
/// One open safetensors file: a checked header, and tensors read by position. Reads may run on many threads at once.
/// Positional reads are used and not a memory map, because a file that shrinks under a map ends the process, and under a read is an error.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 1 << 20;

    private readonly SafeFileHandle _handle;

    private SafetensorsFile(string path, SafeFileHandle handle, SafetensorsHeader header)
    {
        Path = path;
        _handle = handle;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsTensor> Tensors { get; }

    /// <summary>The strings under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="CapvecException">The file is missing, truncated or breaks a rule of the format; the message names file and field.</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path);
            var length = RandomAccess.GetLength(handle);
            Span<byte> head = stackalloc byte[8];
            if (length < 8 || RandomAccess.Read(handle, head, 0) < 8)
                throw new CapvecException($"{path} is truncated: it has {length} bytes, a safetensors file has at least 10; download or copy it again.");
            var headerLength = BinaryPrimitives.ReadUInt64LittleEndian(head);
            if (headerLength > SafetensorsHeader.MaxLength)
                throw new CapvecException($"{path}: the first 8 bytes say that the header has {headerLength} bytes; at most {SafetensorsHeader.MaxLength} are allowed, so this is not a safetensors file or it is damaged.");
            if ((long)headerLength > length - 8)
                throw new CapvecException($"{path} is truncated: it has {length} bytes, its header alone takes {headerLength + 8}; download or copy it again.");
            var json = new byte[headerLength];
            Fill(handle, json, 8, path);
            var file = new SafetensorsFile(path, handle, SafetensorsHeader.Parse(path, json, length));
            handle = null;
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CapvecException($"{path} does not exist; check the name, or fetch the missing file.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CapvecException($"cannot read {path}: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CapvecException">There is none of this name.</exception>
    public SafetensorsTensor Find(string name) => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CapvecException($"{Path} has no tensor '{name}'; it has {Tensors.Count} tensors{Closest(name)}.");

    /// <summary>Reads a whole tensor of F32, F16, BF16 or F64 as float32, row major.</summary>
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
            throw new CapvecException($"{Path}: tensor '{name}' is {SafetensorsNames.Of(tensor.Dtype)}; expected F32, F16, BF16 or F64.");
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(destination.Length, tensor.Count - start);
        var size = tensor.Dtype.Size();
        if (tensor.Dtype == ElementType.F32)
        {
            Fill(_handle, System.Runtime.InteropServices.MemoryMarshal.AsBytes(destination), tensor.Offset + (start * size), Path);
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (var done = 0; done < destination.Length;)
            {
                var count = Math.Min(destination.Length - done, ChunkBytes / size);
                var raw = buffer.AsSpan(0, count * size);
                Fill(_handle, raw, tensor.Offset + ((start + done) * size), Path);
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
        Fill(_handle, raw, tensor.Offset, Path);
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
        Fill(_handle, destination, tensor.Offset + start, Path);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static void Fill(SafeFileHandle handle, Span<byte> destination, long offset, string path)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var read = RandomAccess.Read(handle, destination, offset);
                if (read == 0)
                    throw new CapvecException($"{path} became shorter while it was read: nothing at byte {offset}; copy the file again and do not change it while it is in use.");
                destination = destination[read..];
                offset += read;
            }
        }
        catch (IOException e)
        {
            throw new CapvecException($"cannot read {path} at byte {offset}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    private string Closest(string name)
    {
        var last = name[(name.LastIndexOf('.') + 1)..];
        var near = Tensors.Keys.FirstOrDefault(k => k.EndsWith(name, StringComparison.Ordinal) || name.EndsWith(k, StringComparison.Ordinal))
            ?? Tensors.Keys.FirstOrDefault(k => k.EndsWith(last, StringComparison.Ordinal));
        return near is null ? "" : $", such as '{near}'";
    }
}
