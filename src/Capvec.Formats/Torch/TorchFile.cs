using System.IO.Compression;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Torch;

/// <summary>
/// Reads what <c>torch.save</c> wrote (the zip form of torch 1.6 and later) without running anything: the pickle inside goes through a
/// machine that only builds data. Views, shared storages and strides are honoured.
/// </summary>
public sealed class TorchFile
{
    private const long MaxPickle = 256L << 20;

    private static readonly byte[] LegacyMagic = [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19];

    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PickleStorage> _storages = new(StringComparer.Ordinal);
    private readonly string _root;

    private TorchFile(string path, ZipArchive zip)
    {
        Path = path;
        foreach (var entry in zip.Entries)
        {
            if (!_entries.TryAdd(entry.FullName, entry))
                throw new PickleFailure($"two of its entries are called '{entry.FullName}'");
        }

        var pickles = _entries.Keys.Where(k => k == "data.pkl" || k.EndsWith("/data.pkl", StringComparison.Ordinal)).ToList();
        if (pickles.Count != 1)
            throw new PickleFailure(pickles.Count == 0 ? "it is a zip without data.pkl" : $"it has {pickles.Count} entries called data.pkl");
        _root = pickles[0][..^"data.pkl".Length];
        if (_entries.Keys.Any(k => k.StartsWith(_root + "code/", StringComparison.Ordinal)))
            throw new PickleFailure("it is a TorchScript program (it has code/)");
        if (_entries.TryGetValue(_root + "byteorder", out var order) && Encoding.ASCII.GetString(ZipContent.ReadAll(order, 64)).Trim() is var stated && stated != "little")
            throw new PickleFailure($"its byte order is '{stated}'; only little-endian files can be read");
        if (_entries.TryGetValue(_root + ".data/serialization_id", out var id))
            SerializationId = Encoding.ASCII.GetString(ZipContent.ReadAll(id, 256));
        Root = new PickleMachine(ZipContent.ReadAll(_entries[pickles[0]], MaxPickle), LoadStorage).Run();
        PickleGraph.Check(Root);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>
    /// What was saved: null, <see cref="bool"/>, <see cref="long"/>, <see cref="System.Numerics.BigInteger"/> (beyond 64 bits), <see cref="double"/>,
    /// <see cref="string"/>, <see cref="byte"/>[], <see cref="TorchDtype"/>, <see cref="TorchTensor"/>, <see cref="TorchSequence"/>, <see cref="TorchDictionary"/> or <see cref="TorchRecord"/>.
    /// It has no cycles and at most 64 levels.
    /// </summary>
    public object? Root { get; }

    /// <summary>The file's <c>.data/serialization_id</c>; null in files of older versions. Files of <see cref="TorchWriter"/> are known by it.</summary>
    public string? SerializationId { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="CapvecException">The file is missing, of another kind or damaged, or its pickle asks for anything but tensors and plain data; nothing is ever run.</exception>
    public static TorchFile Load(string path)
    {
        try
        {
            using var stream = InputFile.OpenRead(path);
            var head = new byte[512];
            var length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
            if (!head.AsSpan(0, length).StartsWith("PK\x03\x04"u8))
                throw NotAZip(path, head.AsSpan(0, length), stream.Length);
            stream.Position = 0;
            using var zip = new ZipArchive(stream, ZipArchiveMode.Read);
            return new TorchFile(path, zip);
        }
        catch (PickleFailure e)
        {
            throw new CapvecException($"{path} is refused: {e.Message}. Load it where you trust it and save a dict of float32 tensors with torch.save.", e);
        }
        catch (InvalidDataException e)
        {
            throw new CapvecException($"{path} is truncated or damaged: it begins like a zip but cannot be read as one ({e.Message.TrimEnd('.')}); copy or download it again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw InputFile.Failure(path, e);
        }
    }

    private static Exception NotAZip(string path, ReadOnlySpan<byte> head, long length)
    {
        const string Again = "load it with torch and save it again with torch.save (torch 1.6 or later)";
        if (length == 0)
            return new CapvecException($"{path} is empty (0 bytes); copy or download it again.");
        if (head.Length > 262 && head[257..262].SequenceEqual("ustar"u8))
            return new CapvecException($"{path} is a tar file, the format of torch before 0.1.10; {Again}.");
        var legacy = head.StartsWith(LegacyMagic);
        if (!legacy && head is not [0x80, <= 5, ..])
            return new CapvecException($"{path} is not a torch file: it does not begin like a zip; expected the output of torch.save.");
        if (length <= MaxPickle && ForbiddenGlobal(InputFile.ReadBytes(path), legacy) is { } failure)
            return failure;
        return new CapvecException(legacy
            ? $"{path} is in the format of torch before 1.6 (a bare pickle stream), which is not read; {Again}."
            : $"{path} is a bare pickle and not a torch file, so it is not read; save a dict of float32 tensors with torch.save.");
    }

    /// <summary>Looks for a name outside the whitelist in a bare pickle, so that the refusal can name it. Nothing is built from what is found.</summary>
    private static PickleFailure? ForbiddenGlobal(byte[] bytes, bool legacy)
    {
        var machine = new PickleMachine(bytes, (type, key, _) => new PickleStorage(key, TorchGlobals.StorageType(type), []));
        try
        {
            // A legacy stream is: magic, protocol, system information, object.
            for (var i = 0; i < (legacy ? 4 : 1); i++)
                machine.Run(machine.Position);
        }
        catch (PickleFailure e) when (e.IsForbiddenGlobal)
        {
            return e;
        }
        catch (PickleFailure)
        {
            // Broken or of an older form; the caller says which format it is.
        }

        return null;
    }

    private PickleStorage LoadStorage(PickleSymbol storageClass, string key, long count)
    {
        var type = TorchGlobals.StorageType(storageClass);
        var size = type?.Size() ?? 1;
        if (!_storages.TryGetValue(key, out var storage))
        {
            if (!_entries.TryGetValue(_root + "data/" + key, out var entry))
                throw new PickleFailure($"its storage data/{key} is missing");
            if (count > entry.Length / size || entry.Length != count * size)
                throw new PickleFailure($"its storage data/{key} has {entry.Length} bytes, {count} elements of {size} are announced");
            storage = new PickleStorage(key, type, ZipContent.ReadAll(entry, Array.MaxLength));
            _storages.Add(key, storage);
        }

        return storage.Type == type && storage.Bytes.Length == count * size
            ? storage
            : throw new PickleFailure($"its storage data/{key} is announced twice, differently");
    }
}
