using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Torch;

/// <summary>
/// Writes a dictionary of whole numbers to float32 vectors as <c>torch.save</c> does (zip, protocol 2), so that
/// <c>torch.load(path, weights_only=True)</c> reads it. The same content gives the same bytes, whatever the file is called.
/// </summary>
public static class TorchWriter
{
    /// <summary>The archive's root folder; the name that torch.save uses when it writes to a buffer.</summary>
    private const string Root = "archive";

    /// <summary>Writes the vectors atomically, in the order given, each with a storage of its own.</summary>
    /// <exception cref="CapvecException">The folder cannot be written or the disk is full.</exception>
    /// <exception cref="ArgumentException">A key occurs twice.</exception>
    public static void Write(string path, IReadOnlyList<KeyValuePair<int, float[]>> vectors)
    {
        if (vectors.DistinctBy(v => v.Key).Count() != vectors.Count)
            throw new ArgumentException("a key occurs twice", nameof(vectors));
        var pickle = TorchPickle.OfDictionary(vectors);
        AtomicFile.Write(path, stream =>
        {
            var zip = new AlignedZipWriter(stream);
            zip.Add($"{Root}/data.pkl", pickle);
            zip.Add($"{Root}/.format_version", "1"u8);
            zip.Add($"{Root}/.storage_alignment", "64"u8);
            zip.Add($"{Root}/byteorder", "little"u8);
            for (var i = 0; i < vectors.Count; i++)
                zip.Add(string.Create(CultureInfo.InvariantCulture, $"{Root}/data/{i}"), MemoryMarshal.AsBytes<float>(vectors[i].Value));
            zip.Add($"{Root}/version", "3\n"u8);
            zip.Add($"{Root}/.data/serialization_id", Encoding.ASCII.GetBytes(SerializationId(pickle, vectors)));
            zip.Finish();
        });
    }

    /// <summary>40 digits that depend on the content alone.</summary>
    private static string SerializationId(byte[] pickle, IReadOnlyList<KeyValuePair<int, float[]>> vectors)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(pickle);
        foreach (var (_, values) in vectors)
            sha.AppendData(MemoryMarshal.AsBytes<float>(values));
        var hash = sha.GetHashAndReset();
        return string.Create(CultureInfo.InvariantCulture, $"{BitConverter.ToUInt64(hash, 0):D20}{BitConverter.ToUInt64(hash, 8):D20}");
    }
}
