using System.Security.Cryptography;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Cli.Inspection;

/// <summary>Facts that every file has.</summary>
internal static class FileFacts
{
    /// <summary>Bytes in words.</summary>
    public static string Size(long bytes) => bytes switch
    {
        >= 1L << 30 => $"{bytes / (double)(1L << 30):0.0} GiB",
        >= 1L << 20 => $"{bytes / (double)(1L << 20):0.0} MiB",
        >= 1L << 10 => $"{bytes / (double)(1L << 10):0.0} KiB",
        _ => $"{bytes} bytes",
    };

    /// <summary>The SHA-256 of a whole file in hexadecimal digits.</summary>
    public static string Sha256(string path)
    {
        try
        {
            using var stream = InputFile.OpenRead(path);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot read {path}: {e.Message.TrimEnd('.')}.", e);
        }
    }
}
