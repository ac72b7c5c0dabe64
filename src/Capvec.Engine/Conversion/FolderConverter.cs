using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Engine.Families;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Tensors;
using Capvec.Text.Tokenizers;

namespace Capvec.Engine.Conversion;

/// <summary>
/// Writes models as Hugging Face folders: GGUF files, with all that their converter changed undone, and folders whose weights get adapters merged in or another
/// number format. Everything is worked out in float32 before it is rounded.
/// </summary>
public static class FolderConverter
{
    private const string WeightsFile = "model.safetensors";
    private static readonly string[] Companions = [".json", ".jinja", ".txt", ".model"];

    /// <summary>The formats that matrices can be written in.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["f32", "bf16", "f16"];

    /// <summary>Writes the folder, a few rows at a time. Vectors that the format would round, such as the norms of quantised files, stay float32.</summary>
    /// <param name="model">A model folder or a GGUF file.</param>
    /// <param name="format">One of <see cref="Formats"/>; null for the model's own where that is one of them, else bf16.</param>
    /// <param name="target">Folder to be made; it must not hold anything.</param>
    /// <param name="adapters">Adapters that are merged into the weights; none where null.</param>
    /// <param name="progress">Told the share of the weights written, 0 to 1; what it throws ends the writing, and no folder is left.</param>
    /// <returns>What was left out or rounded, a line each.</returns>
    /// <exception cref="CapvecException">The format is not known, the model or an adapter cannot be read or is of an unsupported kind, or the target holds something.</exception>
    public static IReadOnlyList<string> Convert(string model, string? format, string target, IReadOnlyList<string>? adapters = null, IProgress<double>? progress = null)
    {
        if (format is not null && !Formats.Contains(format))
            throw new CapvecException($"format \"{format}\" is not known; expected {string.Join(", ", Formats)}.", exitCode: CapvecException.WrongUsage);
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new CapvecException($"{target} holds files already; name a new folder.");
        using var files = ModelFiles.Open(model);
        var merged = MergedSource.Open(files, adapters ?? []);
        ElementType? type = format switch { null => null, "f32" => ElementType.F32, "f16" => ElementType.F16, _ => ElementType.BF16 };
        OutputFolder.Create(target);
        var share = new ConversionShare(progress);
        try
        {
            return files.Gguf is { } gguf ? FromGguf(files, gguf, merged, type, target, share) : FromFolder(model, files, merged, type, target, share);
        }
        catch
        {
            // It held nothing before; half a model would only stand in the way of the next attempt.
            Directory.Delete(target, recursive: true);
            throw;
        }
    }

    private static List<string> FromGguf(ModelFiles files, GgufFile gguf, MergedSource merged, ElementType? chosen, string target, ConversionShare share)
    {
        var survey = WeightSurvey.Of(files.Family, files.Config, files.Source, out var left);
        var notes = merged.Notes.Concat(left).ToList();
        var stored = survey.Tensors.Where(tensor => tensor.Value.Length == 2).Select(tensor => gguf.Find(files.Family.Place(tensor.Key, files.Config).Tensor).Type).ToList();
        var type = chosen ?? (stored.All(t => t == GgufType.F32) ? ElementType.F32 : stored.All(t => t == GgufType.F16) ? ElementType.F16 : ElementType.BF16);
        if (stored.Count(t => t is not (GgufType.F32 or GgufType.F16 or GgufType.BF16)) is > 0 and var quantised)
            notes.Add($"{quantised} matrices are quantised in the file; what their blocks stand for was written{(type == ElementType.F32 ? "" : ", rounded once more")}.");

        // What can be refused comes before gigabytes are written.
        FolderConfig.Write(new GgufKeys(gguf), files.Family, files.Config, type, target);
        if (FolderTokenizerWriter.HasTokenizer(gguf))
            FolderTokenizerWriter.Write(gguf, target);
        else
            notes.Add($"{gguf.Path} has no tokenizer, so the folder has none.");
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        foreach (var (name, shape) in survey.Tensors)
            AddFloats(writer, name == "lm_head.weight" ? name : "model." + name, type, shape, Rows(merged, files.Family, name, shape), share);
        writer.Write(Path.Combine(target, WeightsFile));
        return notes;
    }

    private static List<string> FromFolder(string folder, ModelFiles files, MergedSource merged, ElementType? type, string target, ConversionShare share)
    {
        var source = (CheckpointSource)files.Source;
        var changed = merged.Changed.ToDictionary(source.Stored, StringComparer.Ordinal);
        using var tensors = SafetensorsFolder.Open(folder);
        var writer = new SafetensorsWriter();
        writer.Metadata["format"] = "pt";
        foreach (var tensor in tensors.Tensors.Values)
        {
            var columns = tensor.Shape.Length == 0 ? 1 : tensor.Shape[^1];
            if (changed.TryGetValue(tensor.Name, out var name))
                AddFloats(writer, tensor.Name, type ?? Own(tensor), tensor.Shape, (first, to) => merged.ReadRows(name, (int)first, (int)(to.Length / columns), to), share);
            else if (type is { } other && other != tensor.Dtype && tensor.Dtype.IsFloat())
                AddFloats(writer, tensor.Name, other, tensor.Shape, (first, to) => tensors.ReadFloat32(tensor.Name, first * columns, to), share);
            else
                writer.AddRaw(tensor.Name, tensor.Dtype, tensor.Shape, share.Of<byte>(tensor.Shape, tensor.Dtype.Size(), (first, to) => tensors.ReadRaw(tensor.Name, to, first * columns * tensor.Dtype.Size())));
        }

        writer.Write(Path.Combine(target, WeightsFile));
        foreach (var file in Directory.EnumerateFiles(folder).Where(f => Companions.Contains(Path.GetExtension(f)) && Path.GetFileName(f) != SafetensorsIndex.FileName))
            OutputFolder.Add(target, file);
        if (type is { } format)
            SetDtype(Path.Combine(target, "config.json"), FolderConfig.NameOf(format));
        return [.. merged.Notes];
    }

    private static RowReader<float> Rows(MergedSource source, ModelFamily family, string name, long[] shape)
    {
        // A convolution [channels, 1, taps] has as many rows as channels; a vector is one row.
        var columns = shape[^1];
        return (first, to) =>
        {
            source.ReadRows(name, (int)first, (int)(to.Length / columns), to);
            family.ToCheckpoint(name, to);
        };
    }

    private static void AddFloats(SafetensorsWriter writer, string name, ElementType type, long[] shape, RowReader<float> rows, ConversionShare share) =>
        writer.AddRows(name, shape.Length == 2 || Keeps(type, shape, rows) ? type : ElementType.F32, shape, share.Of(shape, 1, rows));

    // Whether a small tensor loses nothing in a format.
    private static bool Keeps(ElementType type, long[] shape, RowReader<float> rows)
    {
        var values = new float[shape.Aggregate(1L, (count, size) => count * size)];
        rows(0, values);
        return type switch
        {
            ElementType.BF16 => values.All(v => (BitConverter.SingleToUInt32Bits(v) & 0xFFFF) == 0),
            ElementType.F16 => values.All(v => (float)(Half)v == v),
            _ => true,
        };
    }

    private static ElementType Own(SafetensorsTensor tensor) => tensor.Dtype is ElementType.F16 or ElementType.BF16 ? tensor.Dtype : ElementType.F32;

    private static void SetDtype(string path, string dtype)
    {
        var config = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        foreach (var part in new[] { config, config["text_config"] as JsonObject })
        {
            foreach (var key in new[] { "dtype", "torch_dtype" })
            {
                if (part?.ContainsKey(key) == true)
                    part[key] = dtype;
            }
        }

        AtomicFile.WriteText(path, config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }
}
