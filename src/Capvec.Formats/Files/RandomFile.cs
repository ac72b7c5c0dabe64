using Capvec.Formats.Errors;
using Microsoft.Win32.SafeHandles;

namespace Capvec.Formats.Files;

/// <summary>
/// A file that is read by position, by many threads at once if need be. Positional reads are used and not a memory map, because a file
/// that shrinks under a map ends the process, and under a read is an error.
/// </summary>
internal sealed class RandomFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private RandomFile(string path, SafeFileHandle handle, long length) => (Path, _handle, Length) = (path, handle, length);

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Its length in bytes when it was opened.</summary>
    public long Length { get; }

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="CapvecException">The file is missing or cannot be read.</exception>
    public static RandomFile Open(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            InputFile.Check(path, seekable: true);
            handle = File.OpenHandle(path);
            var file = new RandomFile(path, handle, RandomAccess.GetLength(handle));
            handle = null;
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw InputFile.Failure(path, e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Fills the whole destination from byte <paramref name="offset"/> on.</summary>
    /// <exception cref="CapvecException">The file ends before that, or cannot be read.</exception>
    public void Read(Span<byte> destination, long offset)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                var read = RandomAccess.Read(_handle, destination, offset);
                if (read == 0)
                    throw new CapvecException($"{Path} became shorter while it was read: nothing at byte {offset}; copy the file again and do not change it while it is in use.");
                destination = destination[read..];
                offset += read;
            }
        }
        catch (IOException e)
        {
            throw new CapvecException($"cannot read {Path} at byte {offset}: {e.Message.TrimEnd('.')}.", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();
}
