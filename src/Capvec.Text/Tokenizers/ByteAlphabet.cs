using System.Text;

namespace Capvec.Text.Tokenizers;

/// <summary>
/// The alphabet in which byte-level vocabularies are written: each byte stands as one printable character. Bytes 33..126, 161..172 and
/// 174..255 are the characters of the same number; the other 68, in increasing order, are U+0100 and what follows (space is U+0120).
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = MakeCharacters();
    private static readonly short[] Bytes = MakeBytes(Characters);

    /// <summary>The character that stands for a byte.</summary>
    public static char CharacterOf(byte value) => Characters[value];

    /// <summary>Bytes to the alphabet.</summary>
    public static string Encode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var value in bytes)
            text.Append(Characters[value]);
        return text.ToString();
    }

    /// <summary>The bytes an entry stands for; an entry with a character outside the alphabet stands for its own UTF-8.</summary>
    public static byte[] Decode(string entry)
    {
        var bytes = new byte[entry.Length];
        for (var i = 0; i < entry.Length; i++)
        {
            var value = entry[i] < Bytes.Length ? Bytes[entry[i]] : (short)-1;
            if (value < 0)
                return Encoding.UTF8.GetBytes(entry);
            bytes[i] = (byte)value;
        }

        return bytes;
    }

    private static char[] MakeCharacters()
    {
        var characters = new char[256];
        var next = (char)0x100;
        for (var value = 0; value < 256; value++)
            characters[value] = value is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255) ? (char)value : next++;
        return characters;
    }

    private static short[] MakeBytes(char[] characters)
    {
        var bytes = new short[characters.Max() + 1];
        Array.Fill(bytes, (short)-1);
        for (var value = 0; value < 256; value++)
            bytes[characters[value]] = (short)value;
        return bytes;
    }
}
