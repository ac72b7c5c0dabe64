using Capvec.Formats.Gguf;

namespace Capvec.Cli.Tests;

/// <summary>Splits a GGUF file as llama.cpp's gguf-split does: metadata in the first part, a table and data of its own in each.</summary>
internal static class SplitGguf
{
    /// <summary>Writes the parts.</summary>
    /// <returns>The first of them.</returns>
    public static string Write(string path, string prefix, int count)
    {
        using var file = GgufFile.Open(path);
        var tensors = file.Tensors.Values.ToList();
        string Name(int part) => $"{prefix}-{part + 1:00000}-of-{count:00000}.gguf";
        for (var part = 0; part < count; part++)
        {
            var writer = new GgufWriter();
            foreach (var (key, value) in part == 0 ? file.Metadata.Values : new Dictionary<string, object>())
                writer.Set(key, value);
            writer.Set("split.no", (ushort)part).Set("split.count", (ushort)count).Set("split.tensors.count", tensors.Count);
            foreach (var tensor in tensors.Take((tensors.Count * part / count)..(tensors.Count * (part + 1) / count)))
                writer.AddRaw(tensor.Name, tensor.Type, tensor.Shape, (first, to) => file.ReadRaw(tensor.Name, first, to.Length / tensor.RowBytes, to));
            writer.Write(Name(part));
        }

        return Name(0);
    }
}
