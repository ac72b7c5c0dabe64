using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Capvec.Agents.Tasks;

/// <summary>The fingerprint of a folder's content, which results carry so that a task changed since is noticed.</summary>
internal static class FolderHash
{
    /// <summary>
    /// SHA-256 over every file in ordinal order of its path: path, kind, whether its owner may run it, length, content (of a link: where it points
    /// to). 16 hexadecimal digits. Dates and owners do not count, so a fresh clone has the same hash.
    /// </summary>
    public static string Compute(string folder)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, file) in Walk(folder, ""))
        {
            Append(hash, Encoding.UTF8.GetBytes(path));
            if (file.LinkTarget is { } target)
            {
                hash.AppendData("l"u8);
                Append(hash, Encoding.UTF8.GetBytes(target));
                continue;
            }

            var runs = !OperatingSystem.IsWindows() && file.UnixFileMode.HasFlag(UnixFileMode.UserExecute);
            hash.AppendData(runs ? "x"u8 : "f"u8);
            Append(hash, File.ReadAllBytes(file.FullName));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..16];
    }

    private static IEnumerable<(string Path, FileInfo File)> Walk(string folder, string prefix)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry is DirectoryInfo && entry.LinkTarget is null)
            {
                foreach (var below in Walk(entry.FullName, $"{prefix}{entry.Name}/"))
                    yield return below;
            }
            else
            {
                yield return ($"{prefix}{entry.Name}", new FileInfo(entry.FullName));
            }
        }
    }

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
