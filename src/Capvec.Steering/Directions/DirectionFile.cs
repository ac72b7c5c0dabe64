using System.Collections.Immutable;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;

namespace Capvec.Steering.Directions;

/// <summary>Direction sets on disk: <c>dir.safetensors</c> with everything, <c>dir.pt</c> with the vectors alone. docs/formats.md describes both.</summary>
public static class DirectionFile
{
    /// <summary>Value of the metadata key <c>format</c> in the files written here.</summary>
    public const string Format = "capvec-directions-1";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>dir.pt</c> and <c>dir.safetensors</c> into a folder, each atomically.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveBoth(DirectionSet set, string folder)
    {
        SaveTorch(set, Path.Combine(folder, "dir.pt"));
        SaveSafetensors(set, Path.Combine(folder, "dir.safetensors"));
    }

    /// <summary>Writes a dict from layer (int, 0-based block) to unit vector (float32 [hidden]) that <c>torch.load(weights_only=True)</c> reads. It holds no provenance.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveTorch(DirectionSet set, string path) =>
        TorchWriter.Write(path, [.. set.Directions.Select(d => KeyValuePair.Create(d.Layer, d.Unit.ToArray()))]);

    /// <summary>Writes a tensor <c>direction.N</c> (float32 [hidden]) for each layer N, with margins, residual norms and provenance as JSON in the metadata.</summary>
    /// <exception cref="CapvecException">The folder cannot be written.</exception>
    public static void SaveSafetensors(DirectionSet set, string path)
    {
        var writer = new SafetensorsWriter();
        foreach (var direction in set.Directions)
            writer.Add(string.Create(CultureInfo.InvariantCulture, $"direction.{direction.Layer}"), [set.Hidden], direction.Unit.ToArray());
        var p = set.Provenance;
        writer.Metadata["format"] = Format;
        writer.Metadata["margin"] = Figures(set, d => d.Margin);
        writer.Metadata["residual_norm"] = Figures(set, d => d.ResidualNorm);
        foreach (var (key, value) in new[] { ("model_hash", p.ModelHash), ("estimator", p.Estimator), ("positions", p.Positions), ("contrast", p.Contrast), ("sign", p.Sign), ("capvec_version", p.CapvecVersion) })
        {
            if (value is not null)
                writer.Metadata[key] = JsonSerializer.Serialize(value, Json);
        }

        if (p.Created is { } created)
            writer.Metadata["created"] = JsonSerializer.Serialize(created, Json);
        if (!p.TrainingTraces.IsDefaultOrEmpty)
            writer.Metadata["training_traces"] = JsonSerializer.Serialize(p.TrainingTraces, Json);
        writer.Write(path);
    }

    /// <summary>Reads a direction set.</summary>
    /// <param name="path">
    /// A folder (its dir.safetensors, else its dir.pt), a .safetensors or a torch file. <c>file.safetensors#name</c> takes the tensor
    /// <c>name</c> [layers, hidden] of the file, whose row l is layer l.
    /// </param>
    /// <exception cref="CapvecException">The file is missing, broken, hostile, or of a form that does not say which layer a vector is of.</exception>
    public static DirectionSet Load(string path)
    {
        var file = path;
        string? tensor = null;
        if (!File.Exists(path) && !Directory.Exists(path) && path.LastIndexOf('#') is > 0 and var cut)
            (file, tensor) = (path[..cut], path[(cut + 1)..]);
        if (Directory.Exists(file))
        {
            var both = new[] { Path.Combine(file, "dir.safetensors"), Path.Combine(file, "dir.pt") };
            file = both.FirstOrDefault(File.Exists) ?? throw new CapvecException($"{file} has neither dir.safetensors nor dir.pt; run `capvec compute` or give a direction file.");
        }

        if (!File.Exists(file))
            throw new CapvecException($"{file} does not exist; check the name of the direction file.");
        return StartsLikeTorch(file) ? TorchDirections.Load(file, tensor) : LoadSafetensors(file, tensor);
    }

    private static bool StartsLikeTorch(string file)
    {
        if (Path.GetExtension(file) is ".safetensors")
            return false;
        if (Path.GetExtension(file) is ".pt" or ".pth" or ".bin" or ".pkl")
            return true;
        using var stream = File.OpenRead(file);
        return stream.ReadByte() is 'P' or 0x80;
    }

    private static DirectionSet LoadSafetensors(string path, string? tensor)
    {
        using var file = SafetensorsFile.Open(path);
        if (tensor is null && file.Tensors.Keys.All(k => k.StartsWith("direction.", StringComparison.Ordinal)) && file.Tensors.Count > 0)
            return LoadOwn(file);
        var stacked = file.Tensors.Values.Where(t => t.Shape.Length == 2).Select(t => t.Name).Order(StringComparer.Ordinal).ToList();
        tensor ??= stacked.Count == 1 && file.Tensors.Count == 1 ? stacked[0] : throw new CapvecException(stacked.Count > 0
            ? $"{path} holds several tensors; say which one: {path}#{stacked[0]} (it has {string.Join(", ", stacked.Take(8))})."
            : $"{path} holds neither tensors direction.N nor a tensor [layers, hidden]; it has {string.Join(", ", file.Tensors.Values.Take(4).Select(t => $"{t.Name} {t.ShapeText}"))}.");
        var found = file.Find(tensor);
        if (found.Shape.Length != 2 || found.Shape[0] is 0 or > 10_000 || found.Shape[1] == 0)
            throw new CapvecException($"{path}: tensor '{tensor}' is {found.ShapeText}; expected [layers, hidden].");
        var values = file.ReadFloat32(tensor);
        var hidden = (int)found.Shape[1];
        var notes = new List<string> { $"{path}#{tensor}: row l is taken as layer l (0-based block)" };
        var directions = Enumerable.Range(0, (int)found.Shape[0]).Select(l => TorchDirections.Normalised(l, values.AsSpan(l * hidden, hidden), path, notes)).ToList();
        return Noted(directions, DirectionProvenance.Unknown, path, notes);
    }

    private static DirectionSet LoadOwn(SafetensorsFile file)
    {
        var margins = ReadFigures(file, "margin");
        var norms = ReadFigures(file, "residual_norm");
        var notes = new List<string>();
        var directions = new List<Direction>();
        foreach (var tensor in file.Tensors.Values)
        {
            if (!int.TryParse(tensor.Name.AsSpan("direction.".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer) || tensor.Shape.Length != 1)
                throw new CapvecException($"{file.Path}: tensor '{tensor.Name}' {tensor.ShapeText}: expected direction.N [hidden] with N the 0-based block.");
            directions.Add(TorchDirections.Normalised(layer, file.ReadFloat32(tensor.Name), file.Path, notes, margins.GetValueOrDefault(layer), norms.GetValueOrDefault(layer)));
        }

        var provenance = new DirectionProvenance
        {
            ModelHash = Read<string>(file, "model_hash"),
            Estimator = Read<string>(file, "estimator"),
            Positions = Read<string>(file, "positions"),
            Contrast = Read<string>(file, "contrast"),
            Sign = Read<string>(file, "sign"),
            CapvecVersion = Read<string>(file, "capvec_version"),
            Created = Read<DateTimeOffset?>(file, "created"),
            TrainingTraces = [.. Read<string[]>(file, "training_traces") ?? []],
        };
        return Noted(directions, provenance, file.Path, notes);
    }

    /// <summary>A set with a note on what its file does not say.</summary>
    internal static DirectionSet Noted(IEnumerable<Direction> directions, DirectionProvenance provenance, string path, List<string> notes)
    {
        if (provenance.Missing is { Count: > 0 } missing)
            notes.Add($"{path} does not say: {string.Join(", ", missing)}");
        try
        {
            return new DirectionSet(directions, provenance, notes);
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{path}: {e.Message}", e);
        }
    }

    private static string Figures(DirectionSet set, Func<Direction, double?> figure) => JsonSerializer.Serialize(
        set.Directions.Where(d => figure(d) is { } x && double.IsFinite(x)).ToDictionary(d => d.Layer.ToString(CultureInfo.InvariantCulture), d => figure(d)!.Value), Json);

    private static Dictionary<int, double?> ReadFigures(SafetensorsFile file, string key) =>
        (Read<Dictionary<int, double>>(file, key) ?? []).ToDictionary(pair => pair.Key, pair => (double?)pair.Value);

    private static T? Read<T>(SafetensorsFile file, string key)
    {
        if (!file.Metadata.TryGetValue(key, out var text))
            return default;
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{file.Path}: metadata '{key}' is not the JSON that is expected there ({text[..Math.Min(text.Length, 60)]}); write the file again with `capvec compute`.", e);
        }
    }
}
