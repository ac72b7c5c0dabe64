using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace Capvec.Formats.Torch;

/// <summary>
/// Writes a zip of stored entries whose data begin at multiples of 64 bytes, as torch lays its archives out: the local header is padded
/// with an extra field "FB" full of 'Z'. Sizes and checksums stand in the local headers, so that the file can be read in one go too.
/// (The archive class of .NET cannot pad local headers.) Not for more than 4 GiB.
/// </summary>
/// <param name="stream">Receives the zip; its position must be 0.</param>
internal sealed class AlignedZipWriter(Stream stream)
{
    private const int Alignment = 64;
    private const ushort DosDate = 0x0021; // 1 January 1980: the same content gives the same bytes

    private readonly MemoryStream _directory = new();
    private ushort _entries;
    private long _at;

    /// <summary>Adds an entry.</summary>
    public void Add(string name, ReadOnlySpan<byte> data)
    {
        var nameBytes = Encoding.UTF8.GetBytes(name);
        var start = _at + 30 + nameBytes.Length + 4;
        var padding = (int)((Alignment - (start % Alignment)) % Alignment);
        if (start + padding + data.Length > uint.MaxValue)
            throw new ArgumentException("more than 4 GiB do not fit into this zip");
        Span<byte> common = stackalloc byte[26];
        BinaryPrimitives.WriteUInt16LittleEndian(common, 20);
        BinaryPrimitives.WriteUInt16LittleEndian(common[8..], DosDate);
        BinaryPrimitives.WriteUInt32LittleEndian(common[10..], Crc32.HashToUInt32(data));
        BinaryPrimitives.WriteUInt32LittleEndian(common[14..], (uint)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(common[18..], (uint)data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(common[22..], (ushort)nameBytes.Length);

        Span<byte> attributesAndOffset = stackalloc byte[14];
        BinaryPrimitives.WriteUInt32LittleEndian(attributesAndOffset[10..], (uint)_at);
        _directory.Write("PK\x01\x02\x14\x00"u8);
        _directory.Write(common);
        _directory.Write(attributesAndOffset);
        _directory.Write(nameBytes);
        _entries = checked((ushort)(_entries + 1));

        BinaryPrimitives.WriteUInt16LittleEndian(common[24..], (ushort)(padding + 4));
        Write("PK\x03\x04"u8);
        Write(common);
        Write(nameBytes);
        Write([(byte)'F', (byte)'B', (byte)padding, 0]);
        Write(Encoding.ASCII.GetBytes(new string('Z', padding)));
        Write(data);
    }

    /// <summary>Writes the central directory.</summary>
    public void Finish()
    {
        Span<byte> end = stackalloc byte[18];
        BinaryPrimitives.WriteUInt16LittleEndian(end[4..], _entries);
        BinaryPrimitives.WriteUInt16LittleEndian(end[6..], _entries);
        BinaryPrimitives.WriteUInt32LittleEndian(end[8..], (uint)_directory.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)_at);
        Write(_directory.ToArray());
        Write("PK\x05\x06"u8);
        Write(end);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _at += bytes.Length;
    }
}
