using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Capvec.Experiments.Randomness;

/// <summary>Derives seeds from a study's one seed by name, so that adding an arm or a task changes no other trial.</summary>
public static class Seeds
{
    /// <summary>The first 8 bytes, little-endian, of the SHA-256 over the parts joined by unit separators (U+001F), the study's seed first.</summary>
    public static ulong Derive(ulong seed, params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder(seed.ToString(CultureInfo.InvariantCulture));
        foreach (var part in parts)
            text.Append('\u001f').Append(part);
        return BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}
