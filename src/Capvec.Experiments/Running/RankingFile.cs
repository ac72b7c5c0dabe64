using System.Text.Json;
using Capvec.Experiments.Results;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>Reads ranking.json.</summary>
internal static class RankingFile
{
    /// <summary>The layers by number.</summary>
    /// <exception cref="CapvecException">The file is missing or not a ranking.</exception>
    public static IReadOnlyList<LayerRank> Load(string path, int? chosen = null)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllText(path));
            return [.. json.RootElement.GetProperty("layers").EnumerateArray().Select(r => Read(r, chosen)).OrderBy(r => r.Layer)];
        }
        catch (Exception e) when (e is IOException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CapvecException($"{path} cannot be read as a ranking: {e.Message} Remove it and run the study again.", e);
        }
    }

    private static LayerRank Read(JsonElement r, int? chosen)
    {
        double Number(string key) => r.GetProperty(key) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : double.NaN;
        var layer = r.GetProperty("layer").GetInt32();
        return new(layer, Number("auc"), Number("margin"), r.GetProperty("n_pos").GetInt32(), r.GetProperty("n_neg").GetInt32(), Number("auc_held_out"), Number("p_permutation"), Number("residual_norm"), layer == chosen);
    }
}
