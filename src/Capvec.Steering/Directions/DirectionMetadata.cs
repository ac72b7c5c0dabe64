using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Steering.Directions;

/// <summary>What a direction set knows beside its numbers, as strings under keys: the metadata of dir.safetensors, and under <c>capvec.</c> of GGUF files. docs/formats.md lists the keys.</summary>
internal static class DirectionMetadata
{
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The keys and values of a set, in order of the keys; what is not known has no key.</summary>
    public static SortedDictionary<string, string> Of(DirectionSet set)
    {
        var p = set.Provenance;
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = DirectionFile.Format,
            ["margin"] = Figures(set, d => d.Margin),
            ["residual_norm"] = Figures(set, d => d.ResidualNorm),
        };
        if (set.Directions.Any(d => d.Scale != 1))
            values["scale"] = Figures(set, d => d.Scale);
        foreach (var (key, value) in new[] { ("model_hash", p.ModelHash), ("estimator", p.Estimator), ("positions", p.Positions), ("contrast", p.Contrast), ("sign", p.Sign), ("capvec_version", p.CapvecVersion) })
        {
            if (value is not null)
                values[key] = JsonSerializer.Serialize(value, Json);
        }

        if (p.Created is { } created)
            values["created"] = JsonSerializer.Serialize(created, Json);
        if (!p.TrainingTraces.IsDefaultOrEmpty)
            values["training_traces"] = JsonSerializer.Serialize(p.TrainingTraces, Json);
        if (p.IsForAblation)
            values["use"] = JsonSerializer.Serialize("ablate", Json);
        return values;
    }

    /// <summary>The provenance that such keys hold.</summary>
    /// <param name="find">A key's value, or null.</param>
    /// <param name="path">The file, for messages.</param>
    /// <exception cref="CapvecException">A value is not the JSON that belongs there.</exception>
    public static DirectionProvenance Provenance(Func<string, string?> find, string path) => new()
    {
        ModelHash = Read<string>(find, path, "model_hash"),
        Estimator = Read<string>(find, path, "estimator"),
        Positions = Read<string>(find, path, "positions"),
        Contrast = Read<string>(find, path, "contrast"),
        Sign = Read<string>(find, path, "sign"),
        CapvecVersion = Read<string>(find, path, "capvec_version"),
        Created = Read<DateTimeOffset?>(find, path, "created"),
        TrainingTraces = [.. Read<string[]>(find, path, "training_traces") ?? []],
        IsForAblation = Read<string>(find, path, "use") switch
        {
            null or "add" => false,
            "ablate" => true,
            var other => throw new CapvecException($"{path}: metadata 'use' is \"{other}\"; expected \"add\" or \"ablate\"."),
        },
    };

    /// <summary>A figure for some layers, such as <c>margin</c>.</summary>
    /// <param name="find">A key's value, or null.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="key">The figure's key.</param>
    /// <exception cref="CapvecException">The value is not the JSON that belongs there.</exception>
    public static Dictionary<int, double> Figures(Func<string, string?> find, string path, string key) => Read<Dictionary<int, double>>(find, path, key) ?? [];

    private static string Figures(DirectionSet set, Func<Direction, double?> figure) => JsonSerializer.Serialize(
        set.Directions.Where(d => figure(d) is { } x && double.IsFinite(x)).ToDictionary(d => d.Layer.ToString(CultureInfo.InvariantCulture), d => figure(d)!.Value), Json);

    private static T? Read<T>(Func<string, string?> find, string path, string key)
    {
        if (find(key) is not { } text)
            return default;
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path}: metadata '{key}' is not the JSON that is expected there ({text[..Math.Min(text.Length, 60)]}); write the file again with `capvec compute`.", e);
        }
    }
}
