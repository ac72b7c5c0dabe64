using System.Security.Cryptography;

namespace Capvec.Engine.Loading;

/// <summary>Identifies a model or adapter by what it holds.</summary>
internal static class FolderHash
{
    /// <summary>16 hexadecimal digits of the SHA-256 over the files' bytes, in the order given.</summary>
    public static string Of(IEnumerable<string> files)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[1 << 20];
        foreach (var file in files)
        {
            using var stream = File.OpenRead(file);
            int read;
            while ((read = stream.Read(buffer)) > 0)
                sha.AppendData(buffer, 0, read);
        }

        return Convert.ToHexStringLower(sha.GetHashAndReset())[..16];
    }
}
