using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Gguf;

/// <summary>
/// Reads the values of a GGUF header one after the other. Every length and count is compared with the bytes that are left in the file
/// before anything is allocated for it, and every failure names the field that was being read.
/// </summary>
/// <param name="file">The file, read from its beginning.</param>
internal sealed class GgufScanner(RandomFile file)
{
    /// <summary>Longest string; longer ones are refused, as nothing real is near it.</summary>
    private const long MaxString = 1 << 28;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _buffer = new byte[(int)Math.Min(file.Length, 1 << 16)];
    private int _at;
    private int _filled;

    /// <summary>Position in the file.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes from here to the end of the file.</summary>
    public long Remaining => file.Length - Position;

    /// <summary>A number of 4 bytes.</summary>
    public uint UInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(Take(4, field));

    /// <summary>A number of 8 bytes.</summary>
    public ulong UInt64(string field) => BinaryPrimitives.ReadUInt64LittleEndian(Take(8, field));

    /// <summary>A count of things that take at least <paramref name="bytesEach"/> bytes each in the rest of the file.</summary>
    public long Count(string field, int bytesEach)
    {
        var count = UInt64(field);
        if (count > (ulong)(Remaining / bytesEach))
            throw Broken($"{field} is {count}, but only {Remaining} bytes follow");
        return (long)count;
    }

    /// <summary>A string: its length in bytes, then UTF-8.</summary>
    public string Text(string field)
    {
        var length = UInt64($"the length of {field}");
        if (length > (ulong)Math.Min(Remaining, MaxString))
            throw Broken($"{field} is a string of {length} bytes, but only {Math.Min(Remaining, MaxString)} can follow");
        try
        {
            return Utf8.GetString(Take((int)length, field));
        }
        catch (DecoderFallbackException)
        {
            throw Broken($"{field} is not UTF-8");
        }
    }

    /// <summary>A value of the given type; an array begins with the type of its elements and their number.</summary>
    public object Value(GgufValueType type, string field) => type switch
    {
        GgufValueType.UInt8 => Take(1, field)[0],
        GgufValueType.Int8 => (sbyte)Take(1, field)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2, field)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2, field)),
        GgufValueType.UInt32 => UInt32(field),
        GgufValueType.Int32 => (int)UInt32(field),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4, field)),
        GgufValueType.Bool => Flag(Take(1, field)[0], field),
        GgufValueType.String => Text(field),
        GgufValueType.Array => Items((GgufValueType)UInt32($"the element type of {field}"), field),
        GgufValueType.UInt64 => UInt64(field),
        GgufValueType.Int64 => (long)UInt64(field),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, field)),
        _ => throw Broken($"{field} has the value type {(uint)type}; types are 0 to 12"),
    };

    /// <summary>A failure at this file.</summary>
    public CapvecException Broken(string what) => new($"{file.Path}: broken GGUF header: {what}; download or convert the file again.");

    private Array Items(GgufValueType type, string field) => type switch
    {
        GgufValueType.UInt8 => Numbers<byte>(field),
        GgufValueType.Int8 => Numbers<sbyte>(field),
        GgufValueType.UInt16 => Numbers<ushort>(field),
        GgufValueType.Int16 => Numbers<short>(field),
        GgufValueType.UInt32 => Numbers<uint>(field),
        GgufValueType.Int32 => Numbers<int>(field),
        GgufValueType.Float32 => Numbers<float>(field),
        GgufValueType.Bool => Array.ConvertAll(Numbers<byte>(field), b => Flag(b, field)),
        GgufValueType.String => Texts(field),
        GgufValueType.UInt64 => Numbers<ulong>(field),
        GgufValueType.Int64 => Numbers<long>(field),
        GgufValueType.Float64 => Numbers<double>(field),
        GgufValueType.Array => throw Broken($"{field} is an array of arrays, which no reader agrees on"),
        _ => throw Broken($"{field} is an array of elements of type {(uint)type}; types are 0 to 12"),
    };

    private T[] Numbers<T>(string field)
        where T : unmanaged
    {
        var items = new T[ArrayLength(field, Marshal.SizeOf<T>())];
        Copy(MemoryMarshal.AsBytes(items.AsSpan()), field);
        return items;
    }

    private string[] Texts(string field)
    {
        var items = new string[ArrayLength(field, 8)];
        for (var i = 0; i < items.Length; i++)
            items[i] = Text(field);
        return items;
    }

    private int ArrayLength(string field, int bytesEach)
    {
        var count = Count($"the number of elements of {field}", bytesEach);
        return count <= Array.MaxLength ? (int)count : throw Broken($"{field} has {count} elements; at most {Array.MaxLength} can be read");
    }

    private bool Flag(byte value, string field) => value <= 1 ? value == 1 : throw Broken($"{field} is a bool of value {value}; expected 0 or 1");

    private void Copy(Span<byte> destination, string field)
    {
        while (!destination.IsEmpty)
        {
            var part = Take(Math.Min(destination.Length, _buffer.Length), field);
            part.CopyTo(destination);
            destination = destination[part.Length..];
        }
    }

    private ReadOnlySpan<byte> Take(int count, string field)
    {
        if (count > Remaining)
            throw new CapvecException($"{file.Path} is truncated: it has {file.Length} bytes and ends inside {field}; download or copy it again.");
        if (count > _buffer.Length)
        {
            var large = new byte[count];
            file.Read(large, Position);
            Position += count;
            _at = _filled = 0;
            return large;
        }

        if (_filled - _at < count)
        {
            _filled = (int)Math.Min(_buffer.Length, Remaining);
            file.Read(_buffer.AsSpan(0, _filled), Position);
            _at = 0;
        }

        var taken = _buffer.AsSpan(_at, count);
        _at += count;
        Position += count;
        return taken;
    }
}
