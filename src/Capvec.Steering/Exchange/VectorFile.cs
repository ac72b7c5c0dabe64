using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Formats.Numpy;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;

namespace Capvec.Steering.Exchange;

/// <summary>A file or folder with directions, opened once for all forms that look at it; <c>FILE#NAME</c> chooses one of several sets in it.</summary>
internal sealed class VectorFile : IDisposable
{
    private readonly Lazy<TorchFile> _torch;
    private readonly Lazy<SafetensorsFile> _safetensors;
    private readonly Lazy<GgufFile> _gguf;
    private readonly Lazy<JsonDocument> _json;

    private VectorFile(string path, string? entry, VectorFileKind kind)
    {
        (Path, Entry, Kind) = (path, entry, kind);
        _torch = new(() => TorchFile.Load(path));
        _safetensors = new(() => SafetensorsFile.Open(path));
        _gguf = new(() => GgufFile.Open(path));
        _json = new(() => JsonFile.ReadObject(path));
    }

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>What stands after the #, or null.</summary>
    public string? Entry { get; }

    /// <summary>Its layout.</summary>
    public VectorFileKind Kind { get; }

    /// <summary>What messages call it.</summary>
    public string Name => Entry is null ? Path : $"{Path}#{Entry}";

    /// <summary>What torch.save saved; the entry of the dictionary that was asked for.</summary>
    /// <exception cref="CapvecException">The file is broken or hostile, or has no such entry.</exception>
    public object? Torch
    {
        get
        {
            var root = _torch.Value.Root;
            if (Entry is null)
                return root;
            if (root is not TorchDictionary dictionary || !dictionary.TryGetValue(Entry, out var value))
                throw new CapvecException($"{Path} has no entry '{Entry}'{(root is TorchDictionary has ? $"; it has {string.Join(", ", has.Keys.Take(8))}" : ": it does not hold a dict")}.");
            return value;
        }
    }

    /// <summary>Whether <see cref="TorchWriter"/> wrote the file.</summary>
    public bool IsOurTorch => Entry is null && TorchWriter.Wrote(_torch.Value);

    /// <summary>The safetensors file.</summary>
    public SafetensorsFile Safetensors => _safetensors.Value;

    /// <summary>The GGUF file.</summary>
    public GgufFile Gguf => _gguf.Value;

    /// <summary>The JSON object.</summary>
    public JsonElement Json => _json.Value.RootElement;

    /// <summary>Opens a file or folder, by its ending or, where that says nothing, by its first bytes.</summary>
    /// <exception cref="CapvecException">There is none, or it is of no known kind.</exception>
    public static VectorFile Open(string path)
    {
        var file = path;
        string? entry = null;
        if (!File.Exists(path) && !Directory.Exists(path) && path.LastIndexOf('#') is > 0 and var cut)
            (file, entry) = (path[..cut], path[(cut + 1)..]);
        if (Directory.Exists(file))
            return new VectorFile(file, entry, VectorFileKind.Folder);
        if (!File.Exists(file))
            throw new CapvecException($"{file} does not exist; check the name of the direction file.");
        return new VectorFile(file, entry, System.IO.Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".safetensors" => VectorFileKind.Safetensors,
            ".pt" or ".pth" or ".bin" or ".pkl" => VectorFileKind.Torch,
            ".gguf" => VectorFileKind.Gguf,
            ".npy" or ".npz" => VectorFileKind.Numpy,
            ".svec" or ".json" => VectorFileKind.Json,
            _ => ByContent(file),
        });
    }

    /// <summary>The array of an .npy file, or one of an .npz.</summary>
    /// <exception cref="CapvecException">It is broken, or the archive holds several and none was named.</exception>
    public NumpyArray Numpy()
    {
        if (!System.IO.Path.GetExtension(Path).Equals(".npz", StringComparison.OrdinalIgnoreCase))
            return NpyFile.Load(Path);
        using var archive = NpzFile.Open(Path);
        return archive.Read(Entry ?? (archive.Names is [var only] ? only : throw new CapvecException($"{Path} holds several arrays; say which one: {Path}#{archive.Names.FirstOrDefault()} (it has {string.Join(", ", archive.Names.Take(8))}).")));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_safetensors.IsValueCreated)
            _safetensors.Value.Dispose();
        if (_gguf.IsValueCreated)
            _gguf.Value.Dispose();
        if (_json.IsValueCreated)
            _json.Value.Dispose();
    }

    private static VectorFileKind ByContent(string path)
    {
        Span<byte> head = stackalloc byte[4];
        try
        {
            using var file = InputFile.OpenRead(path);
            head = head[..file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot read {path}: {e.Message.TrimEnd('.')}.", e);
        }

        return head switch
        {
            [(byte)'P', (byte)'K', ..] or [0x80, ..] => VectorFileKind.Torch,
            [(byte)'G', (byte)'G', (byte)'U', (byte)'F', ..] => VectorFileKind.Gguf,
            [0x93, (byte)'N', ..] => VectorFileKind.Numpy,
            [(byte)'{', ..] => VectorFileKind.Json,
            _ => VectorFileKind.Safetensors,
        };
    }
}
