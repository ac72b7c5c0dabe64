using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Numpy;

/// <summary>Reads arrays that <c>numpy.save</c> wrote. Arrays of Python objects are refused: they are pickles.</summary>
public static class NpyFile
{
    /// <summary>Reads a file.</summary>
    /// <exception cref="CapvecException">The file is missing or damaged, or holds an array that is not read; the message names the field.</exception>
    public static NumpyArray Load(string path) => Open(path, (file, header, at) =>
    {
        if (header.ByteLength > Array.MaxLength)
            throw new InvalidDataException($"it has {header.ByteLength} bytes; at most {Array.MaxLength} can be read at once");
        var data = new byte[header.ByteLength];
        file.Read(data, at);
        return new NumpyArray(path, header, data);
    });

    /// <summary>Reads the header of a file of any size, and checks the length of the rest.</summary>
    /// <exception cref="CapvecException">The file is missing or damaged, or holds an array that is not read; the message names the field.</exception>
    public static NumpyInfo Describe(string path) => Open(path, (_, header, _) => header.Info);

    /// <summary>Reads an array whose file is in memory already.</summary>
    /// <param name="path">Where it came from, for messages.</param>
    /// <param name="bytes">The whole file.</param>
    /// <exception cref="InvalidDataException">It is damaged, or holds an array that is not read.</exception>
    internal static NumpyArray Parse(string path, ReadOnlySpan<byte> bytes)
    {
        var (start, length) = NpyHeader.Locate(bytes[..Math.Min(NpyHeader.MaxHead, bytes.Length)]);
        if (start + length > bytes.Length)
            throw new InvalidDataException($"it is truncated: it has {bytes.Length} bytes, its header alone takes {start + length}");
        var header = NpyHeader.Parse(bytes.Slice(start, length));
        CheckLength(header, bytes.Length - start - length);
        return new NumpyArray(path, header, bytes[(start + length)..].ToArray());
    }

    private static T Open<T>(string path, Func<RandomFile, NpyHeader, long, T> read)
    {
        using var file = RandomFile.Open(path);
        try
        {
            Span<byte> head = stackalloc byte[(int)Math.Min(NpyHeader.MaxHead, file.Length)];
            file.Read(head, 0);
            var (start, length) = NpyHeader.Locate(head);
            if (start + length > file.Length)
                throw new InvalidDataException($"it is truncated: it has {file.Length} bytes, its header alone takes {start + length}");
            Span<byte> text = stackalloc byte[length];
            file.Read(text, start);
            var header = NpyHeader.Parse(text);
            CheckLength(header, file.Length - start - length);
            return read(file, header, start + length);
        }
        catch (InvalidDataException e)
        {
            throw new CapvecException($"{path} is refused: {e.Message}. Save the array with numpy.save again.", e);
        }
    }

    private static void CheckLength(NpyHeader header, long found)
    {
        if (header.ByteLength > found)
            throw new InvalidDataException($"it is truncated: {header.Dtype} of shape ({string.Join(", ", header.Shape)}) takes {header.ByteLength} bytes, {found} follow the header");
        if (header.ByteLength < found)
            throw new InvalidDataException($"{found - header.ByteLength} bytes at the end belong to no element");
    }
}
