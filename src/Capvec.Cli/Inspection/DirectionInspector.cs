using System.Globalization;
using System.Text.Json.Nodes;
using Capvec.Cli.Output;
using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Inspection;

/// <summary>Describes files of directions: whose they are, how their layers are counted, and how alike neighbouring layers are.</summary>
internal static class DirectionInspector
{
    // No set of directions is larger; a model's weights are.
    private const long LargestFile = 1L << 30;

    /// <summary>Directions in a file or folder; null where it is something else.</summary>
    public static Finding? Find(string path, bool hash)
    {
        if (Lengths(path) is not { } lengths)
            return null;
        var (set, doubt) = Load(path);
        var p = set.Provenance;
        var facts = new List<(string, string)>
        {
            ("layers", $"{set.Directions.Length} of width {set.Hidden}"),
            ("layers as found", doubt is null ? "numbers of 0-based blocks" : "numbers that do not say what they count"),
            ("layers as used", doubt is null ? "the same: layer b is the output of block b, before the final norm" : "none without --layers-are; the table has the file's numbers"),
            ("directions hash", set.Hash),
        };
        foreach (var (name, value) in new[] { ("model hash", p.ModelHash), ("estimator", p.Estimator), ("positions", p.Positions), ("contrast", p.Contrast), ("sign", p.Sign), ("made", p.Created?.ToString("u", CultureInfo.InvariantCulture)) })
        {
            if (value is not null)
                facts.Add((name, value));
        }

        if (hash && File.Exists(path))
            facts.Add(("sha256", FileFacts.Sha256(path)));
        if (doubt is not null)
            facts.Add(("two readings", doubt));
        facts.AddRange(set.Notes.Select(note => ("note", note)));
        return new Finding("directions", $"directions, one a layer, in {Form(path)}", facts, Table(set, lengths), Json(set, lengths));
    }

    /// <summary>The set; where the file's numbers can be read in two ways, as if they were ours, and what the two ways are.</summary>
    private static (DirectionSet Set, string? Doubt) Load(string path)
    {
        try
        {
            return (DirectionFile.Load(path), null);
        }
        catch (CapvecException e)
        {
            try
            {
                return (DirectionFile.Load(path, LayerReading.ResidPost), e.Message);
            }
            catch (CapvecException)
            {
                // No reading helps: what is wrong is something else, and the first message says it.
            }

            throw;
        }
    }

    private static string Form(string path) => Directory.Exists(path) ? "a folder" : Path.GetExtension(path) == ".safetensors" ? "a safetensors file" : "a torch file (read by a whitelist; nothing in it was run)";

    private static List<string[]> Table(DirectionSet set, IReadOnlyDictionary<int, double> lengths)
    {
        var rows = new List<string[]> { new[] { "layer", "length in the file", "margin", "residual norm", "cosine to the next" } };
        for (var i = 0; i < set.Directions.Length; i++)
        {
            var direction = set.Directions[i];
            rows.Add([$"{direction.Layer}", lengths.TryGetValue(direction.Layer, out var length) ? $"{length:G6}" : "", $"{direction.Margin:G4}", $"{direction.ResidualNorm:G4}", Next(set, i) is { } cosine ? $"{cosine:0.000}" : ""]);
        }

        return rows;
    }

    private static JsonObject Json(DirectionSet set, IReadOnlyDictionary<int, double> lengths) => new()
    {
        ["directions"] = true,
        ["directions_hash"] = set.Hash,
        ["model_hash"] = set.Provenance.ModelHash,
        ["hidden"] = set.Hidden,
        ["layer_convention"] = "0-based block, output before the final norm",
        ["layers"] = new JsonArray([.. set.Directions.Select((direction, i) => new JsonObject
        {
            ["layer"] = direction.Layer,
            ["norm"] = lengths.TryGetValue(direction.Layer, out var length) ? JsonLine.Number(length) : null,
            ["margin"] = direction.Margin,
            ["residual_norm"] = direction.ResidualNorm,
            ["cosine_to_next"] = Next(set, i),
        })]),
        ["notes"] = new JsonArray([.. set.Notes.Select(note => JsonValue.Create(note))]),
    };

    private static double? Next(DirectionSet set, int index) => index + 1 < set.Directions.Length ? set.Directions[index].Cosine(set.Directions[index + 1]) : null;

    // The lengths of the vectors before they are brought to 1, by the layer that the file gives them; null where the file is no set of directions.
    private static Dictionary<int, double>? Lengths(string path)
    {
        if (Directory.Exists(path))
            path = new[] { "dir.safetensors", "dir.pt" }.Select(name => Path.Combine(path, name)).First(File.Exists);
        if (new FileInfo(path).Length > LargestFile)
            return null;
        var lengths = new Dictionary<int, double>();
        if (Path.GetExtension(path) == ".safetensors")
        {
            const string prefix = "direction.";
            using var file = SafetensorsFile.Open(path);
            foreach (var tensor in file.Tensors.Values)
            {
                if (!tensor.Name.StartsWith(prefix, StringComparison.Ordinal) || tensor.Shape.Length != 1 || !int.TryParse(tensor.Name.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
                    return null;
                lengths[layer] = Direction.Length(file.ReadFloat32(tensor.Name));
            }
        }
        else if (TorchFile.Load(path).Root is TorchDictionary dictionary)
        {
            foreach (var (key, value) in dictionary)
            {
                if (value is not TorchTensor { Shape.Length: 1 } vector || !int.TryParse($"{key}", NumberStyles.None, CultureInfo.InvariantCulture, out var layer))
                    return null;
                lengths[layer] = Direction.Length(vector.ToFloat32());
            }
        }

        return lengths.Count > 0 ? lengths : null;
    }
}
