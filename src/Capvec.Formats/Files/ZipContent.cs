using System.IO.Compression;

namespace Capvec.Formats.Files;

/// <summary>Reads entries of zip files that may lie about their sizes.</summary>
internal static class ZipContent
{
    /// <summary>Most bytes that a compressed entry may take; a small file can announce any size.</summary>
    private const long MaxInflated = 1L << 30;

    private const int FirstBuffer = 1 << 16;

    /// <summary>
    /// Reads an entry, stored or deflated. Memory is taken as bytes arrive and not as they are announced, so that a stored entry takes no more
    /// than twice what the file has.
    /// </summary>
    /// <param name="entry">The entry.</param>
    /// <param name="limit">Most bytes that are read.</param>
    /// <exception cref="InvalidDataException">The entry is encrypted, larger than the limit, or has another length than it announces.</exception>
    public static byte[] ReadAll(ZipArchiveEntry entry, long limit)
    {
        if (entry.IsEncrypted)
            throw new InvalidDataException($"its entry '{entry.FullName}' is encrypted");
        limit = Math.Min(entry.CompressedLength == entry.Length ? Array.MaxLength : MaxInflated, limit);
        if (entry.Length > limit)
            throw new InvalidDataException($"its entry '{entry.FullName}' has {entry.Length} bytes, at most {limit} are read");
        using var stream = entry.Open();
        var bytes = new byte[Math.Min(entry.Length, FirstBuffer)];
        var filled = 0;
        while (true)
        {
            filled += stream.ReadAtLeast(bytes.AsSpan(filled), bytes.Length - filled, throwOnEndOfStream: false);
            if (filled < bytes.Length || bytes.Length == entry.Length)
                break;
            Array.Resize(ref bytes, (int)Math.Min(entry.Length, Math.Min(2L * bytes.Length, Array.MaxLength)));
        }

        return filled == entry.Length && stream.ReadByte() < 0
            ? bytes
            : throw new InvalidDataException($"its entry '{entry.FullName}' does not have the {entry.Length} bytes that it announces");
    }
}
