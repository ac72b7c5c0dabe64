using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Torch;

/// <summary>
/// Writes float32 tensors as <c>torch.save</c> does (zip, protocol 2), so that <c>torch.load(path, weights_only=True)</c> reads them: a dictionary from whole numbers
/// to vectors, or one matrix. The same content gives the same bytes, whatever the file is called.
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
        Write(path, TorchPickle.OfDictionary(vectors), [.. vectors.Select(v => v.Value)]);
    }

    /// <summary>Writes one matrix [rows, columns] atomically.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Its columns; at least 1.</param>
    /// <param name="values">Row after row.</param>
    /// <exception cref="CapvecException">The folder cannot be written or the disk is full.</exception>
    /// <exception cref="ArgumentException">The values are not whole rows.</exception>
    public static void WriteMatrix(string path, int columns, float[] values)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (values.Length % columns != 0)
            throw new ArgumentException($"{values.Length} values are not whole rows of {columns}", nameof(values));
        Write(path, TorchPickle.OfMatrix(values.Length / columns, columns), [values]);
    }

    /// <summary>Whether a file is one that was written here and not changed since: its serialization id is made from its content.</summary>
    public static bool Wrote(TorchFile file) => file.SerializationId is { } id && file.Root switch
    {
        TorchTensor { Shape: [var rows, var columns], Dtype: ElementType.F32, Count: > 0 } matrix => id == SerializationId(TorchPickle.OfMatrix((int)rows, (int)columns), [matrix.ToFloat32()]),
        TorchDictionary vectors when vectors.All(v => v is { Key: long and >= 0 and <= int.MaxValue, Value: TorchTensor { Shape.Length: 1, Dtype: ElementType.F32 } }) => Wrote(id, vectors),
        _ => false,
    };

    private static bool Wrote(string id, TorchDictionary dictionary)
    {
        List<KeyValuePair<int, float[]>> vectors = [.. dictionary.Select(v => KeyValuePair.Create((int)(long)v.Key, ((TorchTensor)v.Value!).ToFloat32()))];
        return id == SerializationId(TorchPickle.OfDictionary(vectors), [.. vectors.Select(v => v.Value)]);
    }

    private static void Write(string path, byte[] pickle, float[][] storages) => AtomicFile.Write(path, stream =>
    {
        var zip = new AlignedZipWriter(stream);
        zip.Add($"{Root}/data.pkl", pickle);
        zip.Add($"{Root}/.format_version", "1"u8);
        zip.Add($"{Root}/.storage_alignment", "64"u8);
        zip.Add($"{Root}/byteorder", "little"u8);
        for (var i = 0; i < storages.Length; i++)
            zip.Add(string.Create(CultureInfo.InvariantCulture, $"{Root}/data/{i}"), MemoryMarshal.AsBytes<float>(storages[i]));
        zip.Add($"{Root}/version", "3\n"u8);
        zip.Add($"{Root}/.data/serialization_id", Encoding.ASCII.GetBytes(SerializationId(pickle, storages)));
        zip.Finish();
    });

    /// <summary>40 digits that depend on the content alone.</summary>
    private static string SerializationId(byte[] pickle, float[][] storages)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(pickle);
        foreach (var values in storages)
            sha.AppendData(MemoryMarshal.AsBytes<float>(values));
        var hash = sha.GetHashAndReset();
        return string.Create(CultureInfo.InvariantCulture, $"{BitConverter.ToUInt64(hash, 0):D20}{BitConverter.ToUInt64(hash, 8):D20}");
    }
}
