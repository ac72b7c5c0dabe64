using System.IO.Compression;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Numpy;

/// <summary>Reads archives of arrays that <c>numpy.savez</c> or <c>numpy.savez_compressed</c> wrote. An array is read when it is asked for.</summary>
public sealed class NpzFile : IDisposable
{
    private const string Suffix = ".npy";

    private readonly ZipArchive _zip;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    private NpzFile(string path, ZipArchive zip)
    {
        Path = path;
        _zip = zip;
        foreach (var entry in zip.Entries)
        {
            if (!entry.FullName.EndsWith(Suffix, StringComparison.Ordinal))
                throw new InvalidDataException($"its entry '{entry.FullName}' is not an .npy array");
            if (!_entries.TryAdd(entry.FullName[..^Suffix.Length], entry))
                throw new InvalidDataException($"two of its entries are called '{entry.FullName}'");
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The names of the arrays, in the order of the file.</summary>
    public IReadOnlyList<string> Names => [.. _entries.Keys];

    /// <summary>Opens a file and reads the list of its arrays.</summary>
    /// <exception cref="CapvecException">The file is missing, damaged, or no archive of arrays.</exception>
    public static NpzFile Open(string path) => Guard(path, () =>
    {
        var zip = new ZipArchive(InputFile.OpenRead(path), ZipArchiveMode.Read);
        try
        {
            return new NpzFile(path, zip);
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    });

    /// <summary>Reads an array.</summary>
    /// <exception cref="CapvecException">There is none of this name, or it is damaged or not read.</exception>
    public NumpyArray Read(string name) => Guard($"{Path}#{name}", () => NpyFile.Parse($"{Path}#{name}", ZipContent.ReadAll(Entry(name), Array.MaxLength)));

    /// <summary>Reads the header of an array, and nothing behind it.</summary>
    /// <exception cref="CapvecException">There is none of this name, or its header is damaged or not read.</exception>
    public NumpyInfo Describe(string name) => Guard($"{Path}#{name}", () =>
    {
        using var stream = Entry(name).Open();
        var head = new byte[NpyHeader.MaxHead];
        var (start, length) = NpyHeader.Locate(head.AsSpan(0, stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false)));
        var text = new byte[start + length];
        head.AsSpan(0, Math.Min(head.Length, text.Length)).CopyTo(text);
        if (text.Length > head.Length && stream.ReadAtLeast(text.AsSpan(head.Length), text.Length - head.Length, throwOnEndOfStream: false) < text.Length - head.Length)
            throw new InvalidDataException("it is truncated within its header");
        return NpyHeader.Parse(text.AsSpan(start)).Info;
    });

    /// <inheritdoc/>
    public void Dispose() => _zip.Dispose();

    private ZipArchiveEntry Entry(string name) => _entries.TryGetValue(name, out var entry)
        ? entry
        : throw new CapvecException($"{Path} has no array '{name}'; it has {string.Join(", ", _entries.Keys.Take(10).Select(n => $"'{n}'"))}{(_entries.Count > 10 ? ", ..." : "")}.");

    private static T Guard<T>(string where, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (InvalidDataException e)
        {
            throw new CapvecException($"{where} is refused: {e.Message.TrimEnd('.')}. Save the arrays with numpy.savez again.", e);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CapvecException($"{where} does not exist; check the name.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CapvecException($"cannot read {where}: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
