using System.Buffers.Binary;

namespace Capvec.Formats.Tests.Fuzzing;

/// <summary>Changes a good file in one to four places. The same seed makes the same changes.</summary>
/// <param name="seed">Seed of all choices.</param>
/// <param name="tokens">Pieces that mean something in the format; they are put in and over.</param>
internal sealed class Mutator(int seed, byte[][] tokens)
{
    private static readonly ulong[] Interesting =
    [
        0, 1, 2, 3, 4, 7, 8, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 65535, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 1UL << 40, 1UL << 61, 1UL << 62,
        long.MaxValue, 1UL << 63, ulong.MaxValue - 3, ulong.MaxValue,
    ];

    private readonly Random _random = new(seed);

    /// <summary>A changed copy.</summary>
    /// <param name="file">A good file.</param>
    /// <param name="header">How many of its bytes are structure; nine of ten changes fall on them.</param>
    public byte[] Change(byte[] file, int header)
    {
        var bytes = file.ToList();
        for (var i = Math.Min(_random.Next(4), _random.Next(4)); i >= 0; i--)
            ChangeOnce(bytes, header);
        return [.. bytes];
    }

    private void ChangeOnce(List<byte> bytes, int header)
    {
        if (bytes.Count == 0)
            return;
        var at = _random.Next(_random.Next(10) == 0 ? bytes.Count : Math.Min(header, bytes.Count));
        switch (_random.Next(11))
        {
            case 0:
                bytes[at] ^= (byte)(1 << _random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)_random.Next(256);
                break;
            case 2:
                bytes[at] = (byte)(bytes[at] + _random.Next(-2, 3));
                break;
            case 3 or 4:
                Over(bytes, at, Number());
                break;
            case 5:
                bytes.RemoveRange(at, Math.Min(_random.Next(1, 20), bytes.Count - at));
                break;
            case 6:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(_random.Next(1, 60), bytes.Count - at)));
                break;
            case 7:
                Over(bytes, at, [.. bytes.GetRange(_random.Next(bytes.Count), 1), .. bytes.Skip(_random.Next(bytes.Count)).Take(_random.Next(12))]);
                break;
            case 8:
                Over(bytes, at, Token());
                break;
            case 9:
                bytes.InsertRange(at, Token());
                break;
            default:
                if (_random.Next(3) == 0)
                    bytes.RemoveRange(at, bytes.Count - at);
                else
                    bytes.AddRange(Token());
                break;
        }
    }

    private byte[] Number()
    {
        var number = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, Interesting[_random.Next(Interesting.Length)]);
        return number[..(1 << _random.Next(4))];
    }

    private byte[] Token() => tokens.Length == 0 ? Number() : tokens[_random.Next(tokens.Length)];

    private static void Over(List<byte> bytes, int at, byte[] piece)
    {
        for (var i = 0; i < piece.Length && at + i < bytes.Count; i++)
            bytes[at + i] = piece[i];
    }
}
