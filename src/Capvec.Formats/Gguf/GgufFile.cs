using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Gguf;

/// <summary>
/// An open GGUF model: checked headers of one file or of all files of a split model, and tensors read by rows. Opening reads the headers
/// only. Reads may run on many threads at once.
/// </summary>
public sealed partial class GgufFile : IDisposable
{
    private const int ChunkBytes = 1 << 18;

    private readonly List<RandomFile> _files;

    private GgufFile(List<RandomFile> files, List<GgufHeader> headers)
    {
        _files = files;
        Version = headers[0].Version;
        Alignment = headers[0].Alignment;
        DataStart = headers[0].DataStart;
        Metadata = headers[0].Metadata;
        var tensors = new OrderedDictionary<string, GgufTensor>(StringComparer.Ordinal);
        foreach (var tensor in headers.SelectMany(h => h.Tensors))
        {
            if (!tensors.TryAdd(tensor.Name, tensor))
                throw new CapvecException($"{files[tensor.Part].Path}: tensor '{tensor.Name}' stands in {files[tensors[tensor.Name].Part].Path} too; the files are of different models, download all of them again.");
        }

        Tensors = tensors;
    }

    /// <summary>The file; the first one of a split model.</summary>
    public string Path => _files[0].Path;

    /// <summary>All files, in order; what a hash of the model has to cover.</summary>
    public IReadOnlyList<string> Files => [.. _files.Select(f => f.Path)];

    /// <summary>Version of the format, 2 or 3.</summary>
    public int Version { get; }

    /// <summary>Tensors begin at multiples of this.</summary>
    public int Alignment { get; }

    /// <summary>Where the data of the (first) file begin.</summary>
    public long DataStart { get; }

    /// <summary>The metadata (of the first file).</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>The tensors by name, in the order of the files.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Whether a path means a GGUF file and not a model folder: it is a file, or ends in .gguf.</summary>
    public static bool IsNamed(string path) => File.Exists(path) || path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase);

    /// <summary>Opens a file, and with the first file of a split model (<c>NAME-00001-of-00003.gguf</c>) all others, which have to be beside it.</summary>
    /// <exception cref="CapvecException">A file is missing, truncated or breaks a rule of the format; the message names file and field.</exception>
    public static GgufFile Open(string path)
    {
        var files = new List<RandomFile>();
        try
        {
            files.Add(RandomFile.Open(path));
            var headers = new List<GgufHeader> { GgufHeader.Read(files[0], 0) };
            if (headers[0].Metadata.FindInteger("split.count") is > 1 and var count)
                OpenOthers(path, count, files, headers);
            return new GgufFile(files, headers);
        }
        catch
        {
            foreach (var file in files)
                file.Dispose();
            throw;
        }
    }

    /// <summary>A tensor's description.</summary>
    /// <exception cref="CapvecException">There is none of this name.</exception>
    public GgufTensor Find(string name) => Tensors.TryGetValue(name, out var tensor)
        ? tensor
        : throw new CapvecException($"{Path} has no tensor '{name}'; it has {Tensors.Count} tensors, so it is incomplete or of another architecture.");

    /// <summary>Reads a whole tensor as float32, row major.</summary>
    /// <exception cref="CapvecException">No such tensor, too many elements for an array, or the file cannot be read.</exception>
    public float[] ReadFloat32(string name)
    {
        var tensor = Find(name);
        if (tensor.Count > Array.MaxLength)
            throw new CapvecException($"{Path}: tensor '{name}' has {tensor.Count} elements; at most {Array.MaxLength} can be read at once.");
        var values = GC.AllocateUninitializedArray<float>((int)tensor.Count);
        ReadFloat32(name, 0, tensor.Rows, values);
        return values;
    }

    /// <summary>Reads rows of a tensor as float32. Quantised elements come out as ggml's own dequantiser makes them, bit for bit.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstRow">First row, counted over all outer axes.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="destination">Receives <c>[rows, columns]</c>.</param>
    /// <exception cref="CapvecException">No such tensor, or the file cannot be read.</exception>
    /// <exception cref="ArgumentException">The rows leave the tensor, or the destination is not of their size.</exception>
    public void ReadFloat32(string name, long firstRow, long rows, Span<float> destination)
    {
        var tensor = CheckRows(name, firstRow, rows, rows * Find(name).Columns, destination.Length);
        var offset = tensor.Offset + (firstRow * tensor.RowBytes);
        if (tensor.Type == GgufType.F32)
        {
            _files[tensor.Part].Read(MemoryMarshal.AsBytes(destination), offset);
            return;
        }

        var (elements, bytes) = (tensor.Type.BlockElements(), tensor.Type.BlockBytes());
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            for (var done = 0; done < destination.Length;)
            {
                var blocks = Math.Min((destination.Length - done) / elements, ChunkBytes / bytes);
                var raw = buffer.AsSpan(0, blocks * bytes);
                _files[tensor.Part].Read(raw, offset);
                GgufBlocks.Dequantize(tensor.Type, raw, destination.Slice(done, blocks * elements));
                offset += raw.Length;
                done += blocks * elements;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads rows of a tensor as they are stored.</summary>
    /// <param name="name">The tensor.</param>
    /// <param name="firstRow">First row, counted over all outer axes.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="destination">Receives the blocks, <see cref="GgufTensor.RowBytes"/> a row.</param>
    /// <exception cref="CapvecException">No such tensor, or the file cannot be read.</exception>
    /// <exception cref="ArgumentException">The rows leave the tensor, or the destination is not of their size.</exception>
    public void ReadRaw(string name, long firstRow, long rows, Span<byte> destination)
    {
        var tensor = CheckRows(name, firstRow, rows, rows * Find(name).RowBytes, destination.Length);
        _files[tensor.Part].Read(destination, tensor.Offset + (firstRow * tensor.RowBytes));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _files)
            file.Dispose();
    }

    private GgufTensor CheckRows(string name, long firstRow, long rows, long needed, int given)
    {
        var tensor = Find(name);
        if (firstRow < 0 || rows < 0 || rows > tensor.Rows - firstRow)
            throw new ArgumentOutOfRangeException(nameof(rows), $"rows {firstRow} to {firstRow + rows} leave tensor '{name}' of {tensor.Rows} rows");
        return needed == given ? tensor : throw new ArgumentException($"{rows} rows of tensor '{name}' take {needed}, not {given}");
    }

    private static void OpenOthers(string path, long count, List<RandomFile> files, List<GgufHeader> headers)
    {
        var match = SplitName().Match(path);
        if (!match.Success || match.Groups["count"].Value != count.ToString("00000", CultureInfo.InvariantCulture))
            throw new CapvecException($"{path} is a part of a model of {count} files; such files are called NAME-00001-of-{count:00000}.gguf, give it its name back.");
        CheckPart(path, headers[0].Metadata, 0, count, match.Groups["prefix"].Value);
        for (var i = 1; i < count; i++)
        {
            var other = $"{match.Groups["prefix"].Value}-{i + 1:00000}-of-{count:00000}.gguf";
            if (!File.Exists(other))
                throw new CapvecException($"{other} is missing: {path} is the first part of a model of {count} files, which have to be in one folder; fetch the missing part.");
            files.Add(RandomFile.Open(other));
            headers.Add(GgufHeader.Read(files[i], i));
            CheckPart(other, headers[i].Metadata, i, count, match.Groups["prefix"].Value);
        }

        var found = headers.Sum(h => h.Tensors.Count);
        if (headers[0].Metadata.FindInteger("split.tensors.count") is { } announced && announced != found)
            throw new CapvecException($"{path}: split.tensors.count is {announced}, but the {count} files have {found} tensors; they are of different models, download all of them again.");
    }

    private static void CheckPart(string path, GgufMetadata metadata, int part, long count, string prefix)
    {
        if (metadata.FindInteger("split.no") is var number && number != part)
            throw new CapvecException(part == 0 && number is not null
                ? $"{path} is part {number + 1} of a model of {count} files; give the first one, {prefix}-00001-of-{count:00000}.gguf."
                : $"{path}: split.no is {number?.ToString(CultureInfo.InvariantCulture) ?? "missing"}; expected {part}, so the file has been renamed or is of another model.");
        if (metadata.FindInteger("split.count") != count)
            throw new CapvecException($"{path}: split.count is not {count}, as the first file says; the files are of different models, download all of them again.");
    }

    [GeneratedRegex(@"^(?<prefix>.*)-(?<number>\d{5})-of-(?<count>\d{5})\.gguf$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex SplitName();
}
