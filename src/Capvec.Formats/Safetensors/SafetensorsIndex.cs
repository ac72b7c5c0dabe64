using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;

namespace Capvec.Formats.Safetensors;

/// <summary>The <c>model.safetensors.index.json</c> of a sharded model: which file holds which tensor.</summary>
public sealed class SafetensorsIndex
{
    /// <summary>The name that the file has in a model folder.</summary>
    public const string FileName = "model.safetensors.index.json";

    private SafetensorsIndex(string path, IReadOnlyDictionary<string, string> weightMap) => (Path, WeightMap) = (path, weightMap);

    /// <summary>The index file.</summary>
    public string Path { get; }

    /// <summary>Tensor name to file name (a plain name in the index's own folder).</summary>
    public IReadOnlyDictionary<string, string> WeightMap { get; }

    /// <summary>Reads an index.</summary>
    /// <exception cref="CapvecException">The file is missing or broken, or names a file outside its folder.</exception>
    public static SafetensorsIndex Load(string path)
    {
        using var document = JsonFile.ReadObject(path);
        if (!document.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw new CapvecException($"{path}: expected an object 'weight_map' from tensor names to file names; download the index again.");
        var weights = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (file is "" or "." or ".." || file.AsSpan().ContainsAny('/', '\\', '\0'))
                throw new CapvecException($"{path}: weight_map['{entry.Name}'] is {entry.Value.GetRawText()}; expected the plain name of a file in the same folder.");
            weights.Add(entry.Name, file);
        }

        if (weights.Count == 0)
            throw new CapvecException($"{path}: weight_map is empty; download the index again.");
        return new SafetensorsIndex(path, weights);
    }
}
