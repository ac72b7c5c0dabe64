using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Formats.Files;

/// <summary>
/// Opens and reads files that somebody named, with errors of one line. A folder, a pipe, a device or a socket in a file's place is refused before it is opened, since
/// reading it may never end. A pipe that a shell made for the command (<c>&lt;(...)</c>, /dev/stdin) is read like a file where the reader needs no positions.
/// </summary>
public static class InputFile
{
    private const int MostText = 1 << 30;
    private const int Buffer = 1 << 16;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Opens a file, to be read from begin to end.</summary>
    /// <param name="path">The file.</param>
    /// <param name="seekable">Whether the reader needs positions, which no pipe has.</param>
    /// <exception cref="CapvecException">It is missing, no file, or cannot be opened.</exception>
    public static FileStream OpenRead(string path, bool seekable = true)
    {
        try
        {
            Check(path, seekable);
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, Buffer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Failure(path, e);
        }
    }

    /// <summary>Reads a whole file of at most 1 GiB.</summary>
    /// <exception cref="CapvecException">It is missing, no file, larger, or cannot be read.</exception>
    public static byte[] ReadBytes(string path)
    {
        using var stream = OpenRead(path, seekable: false);
        try
        {
            if (stream.CanSeek && stream.Length > MostText)
                throw TooLarge(path);
            using var content = new MemoryStream(stream.CanSeek ? (int)stream.Length : 0);
            var chunk = new byte[Buffer];
            for (int read; (read = stream.Read(chunk)) > 0; content.Write(chunk, 0, read))
            {
                if (content.Length + read > MostText)
                    throw TooLarge(path);
            }

            return content.Length == content.Capacity ? content.GetBuffer() : content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(path, e);
        }
    }

    /// <summary>Reads a text file in UTF-8, with or without a byte order mark.</summary>
    /// <exception cref="CapvecException">As <see cref="ReadBytes"/>; or it is not UTF-8.</exception>
    public static string ReadText(string path)
    {
        var bytes = ReadBytes(path).AsSpan();
        try
        {
            return Utf8.GetString(bytes.StartsWith(Encoding.UTF8.Preamble) ? bytes[Encoding.UTF8.Preamble.Length..] : bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new CapvecException($"{path} is not UTF-8 text (byte {e.Index} and what follows it); save it as UTF-8, or fetch it again.", e);
        }
    }

    /// <summary>Refuses what is no file. What is missing is left to whoever opens it.</summary>
    /// <exception cref="CapvecException">It is a folder, a pipe, a device or a socket.</exception>
    internal static void Check(string path, bool seekable)
    {
        if (FileKind.Other(path) is { } kind && !(kind == "a pipe" && !seekable && IsOfThisProcess(path)))
            throw new CapvecException($"{path} is {kind}; a file was expected.");
    }

    /// <summary>The one line for a file that cannot be opened or read.</summary>
    internal static CapvecException Failure(string path, Exception e) => e is FileNotFoundException or DirectoryNotFoundException
        ? new CapvecException($"{path} does not exist; check the name, or fetch the missing file.", e)
        : new CapvecException($"cannot read {path}: {e.Message.TrimEnd('.')}.", e);

    private static CapvecException TooLarge(string path) => new($"{path} has more than {MostText} bytes, which is more than such a file can have; check that it is the right one.");

    private static bool IsOfThisProcess(string path) => path == "/dev/stdin" || path.StartsWith("/dev/fd/", StringComparison.Ordinal) || path.StartsWith("/proc/self/fd/", StringComparison.Ordinal);
}
