using Capvec.Engine.Families;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Text.Tokenizers;

namespace Capvec.Engine.Conversion;

/// <summary>
/// Writes a Hugging Face folder as a GGUF file that llama.cpp loads: names, order of rows and columns, and values as its own converter makes them, all worked out
/// in float32 before anything is rounded. Vision towers and multi-token-prediction heads are left out.
/// </summary>
public static class GgufConverter
{
    /// <summary>The formats that matrices can be written in.</summary>
    public static IReadOnlyList<string> Formats { get; } = ["f32", "bf16", "f16", "q8_0", "q4_0"];

    /// <summary>Writes the file, a few rows at a time.</summary>
    /// <param name="folder">A model folder.</param>
    /// <param name="format">
    /// One of <see cref="Formats"/>. Vectors, norms and the convolution stay float32; a matrix whose rows are not whole blocks of a quantised format becomes f16; with
    /// q4_0, embedding and output matrix are q6_K (or q8_0 where rows are not whole blocks of that).
    /// </param>
    /// <param name="path">The file.</param>
    /// <param name="adapters">Adapters that are merged into the weights before they are rounded; none where null.</param>
    /// <param name="progress">Told the share of the weights written, 0 to 1; what it throws ends the writing, and no file is left.</param>
    /// <returns>What was left out, a line each.</returns>
    /// <exception cref="CapvecException">The format is not known, the folder or an adapter cannot be read or is of an unsupported kind, or a value does not fit the format.</exception>
    public static IReadOnlyList<string> Convert(string folder, string format, string path, IReadOnlyList<string>? adapters = null, IProgress<double>? progress = null)
    {
        var (matrices, fileType) = format switch
        {
            "f32" => (GgufType.F32, 0u),
            "f16" => (GgufType.F16, 1u),
            "q4_0" => (GgufType.Q4_0, 2u),
            "q8_0" => (GgufType.Q8_0, 7u),
            "bf16" => (GgufType.BF16, 32u),
            _ => throw new CapvecException($"format \"{format}\" is not known; expected {string.Join(", ", Formats)}.", exitCode: CapvecException.WrongUsage),
        };
        if (GgufFile.IsNamed(folder))
            throw new CapvecException($"{folder} is a file; GGUF files are written from Hugging Face folders.", exitCode: CapvecException.WrongUsage);
        var configPath = Path.Combine(folder, "config.json");
        using var document = JsonFile.ReadObject(configPath);
        var root = new ConfigReader(configPath, document.RootElement);
        using var files = ModelFiles.Open(folder);
        var (family, config, source) = (files.Family, files.Config, (CheckpointSource)files.Source);
        var merged = MergedSource.Open(files, adapters ?? []);

        var writer = new GgufWriter()
            .Set("general.architecture", family.Architecture)
            .Set("general.type", "model")
            .Set("general.name", Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))))
            .Set("general.file_type", fileType)
            .Set("general.quantization_version", 2u);
        GgufConfig.Write(root, config, family, writer);
        var notes = merged.Notes.ToList();
        if (File.Exists(Path.Combine(folder, "tokenizer.json")))
            GgufTokenizerWriter.Write(folder, config.Vocabulary, files.StopTokens, writer);
        else
        {
            GgufTokenizerWriter.WriteNone(writer);
            notes.Add($"{folder} has no tokenizer.json: the file has no vocabulary; programs can run it on token ids, not on text.");
        }

        if (config.KeyHeads > 0 && config.KeyDim != config.ValueDim)
            notes.Add($"the delta rule's key heads have width {config.KeyDim}, its value heads {config.ValueDim}: llama.cpp loads such files only where the two are equal, as in all published models.");
        if (family.Architecture == "llama" && GgufConfig.RotaryFactors(root, config) is { } factors)
            writer.Add(Rotary.GgufFactors, GgufType.F32, [factors.Length], (_, to) => factors.CopyTo(to));
        if (!config.TiedEmbeddings && !source.Has("lm_head.weight"))
            throw new CapvecException($"{folder}: no tensor lm_head.weight, and config.json does not tie it to the embedding; a shard is missing.");
        var tensors = source.TextTensors().ToLookup(tensor => GgufNames.Of(tensor.Name) != tensor.Name);
        var left = tensors[false].ToList();
        if (left.Count > 0)
            notes.Add($"{left.Count} tensors have no place in the file and were left out, such as {left[0].Name}.");
        var share = new ConversionShare(progress);
        foreach (var (name, shape) in tensors[true])
            Add(writer, merged, family.Place(name, config), name, shape, TypeOf(name, shape, matrices), share);
        writer.Write(path);
        return notes;
    }

    private static void Add(GgufWriter writer, WeightSource source, GgufPlace place, string name, long[] shape, GgufType type, ConversionShare share)
    {
        var columns = (int)shape[^1];
        var rows = (int)(shape.Length == 1 ? 1 : shape[0]);
        var rowAt = Inverse(place.Row, rows);
        var columnAt = Inverse(place.Column, columns);
        var unordered = new float[columns];
        writer.Add(place.Tensor, type, shape, share.Of<float>(shape, 1, (first, to) =>
        {
            var count = to.Length / columns;
            if (rowAt is null)
                source.ReadRows(name, (int)first, count, to);
            for (var i = 0; i < count; i++)
            {
                var row = to.Slice(i * columns, columns);
                if (rowAt is not null)
                    source.ReadRows(name, rowAt[first + i], 1, row);
                if (columnAt is null)
                    continue;
                row.CopyTo(unordered);
                for (var c = 0; c < columns; c++)
                    row[c] = unordered[columnAt[c]];
            }
        }));
    }

    // A place tells where the network's row stands in the file; writing asks the other way round.
    private static int[]? Inverse(Func<int, int>? place, int count)
    {
        if (place is null)
            return null;
        var inverse = new int[count];
        for (var i = 0; i < count; i++)
            inverse[place(i)] = i;
        return inverse;
    }

    private static GgufType TypeOf(string name, long[] shape, GgufType matrices)
    {
        bool Fits(GgufType type) => shape[^1] % type.BlockElements() == 0;
        if (shape.Length < 2 || name.EndsWith("conv1d.weight", StringComparison.Ordinal))
            return GgufType.F32;
        if (matrices == GgufType.Q4_0 && name is ("embed_tokens.weight" or "lm_head.weight"))
            return Fits(GgufType.Q6_K) ? GgufType.Q6_K : Fits(GgufType.Q8_0) ? GgufType.Q8_0 : GgufType.F16;
        return Fits(matrices) ? matrices : GgufType.F16;
    }
}
