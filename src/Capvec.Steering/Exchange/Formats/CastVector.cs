using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// IBM's activation-steering (CAST), <c>.svec</c>: JSON with <c>model_type</c> and <c>directions</c> from layer to numbers. Layer N is learned at the output of block N; the tool adds it to the input of
/// block N, one block earlier than it was learned.
/// </summary>
internal sealed class CastVector : IDirectionFormat
{
    public string Name => "activation-steering (CAST) vector";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Json && file.Json.TryGetProperty("directions", out var directions) && directions.ValueKind == JsonValueKind.Object;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        foreach (var layer in file.Json.GetProperty("directions").EnumerateObject())
            vectors.Add(TorchVectors.Number(layer.Name) ?? throw new CapvecException($"{file.Path}: '{layer.Name}' in directions is no layer."), Values(layer, file.Path));
        var notes = new List<string>();
        if (layersAre is null)
            notes.Add($"{file.Path}: activation-steering adds layer N to the input of block N, a block before it was learned; --layers-are resid_pre takes the layers where that tool acts");
        if (file.Json.TryGetProperty("model_type", out var model) && model.ValueKind == JsonValueKind.String)
            notes.Add($"{file.Path}: made for model type {model.GetString()}");
        return vectors.Finish("layer N of activation-steering was learned at the output of block N", DirectionProvenance.Unknown, notes);
    }

    private static float[] Values(JsonProperty layer, string path)
    {
        if (layer.Value.ValueKind != JsonValueKind.Array)
            throw new CapvecException($"{path}: directions.{layer.Name} is no list; expected numbers.");
        var values = new float[layer.Value.GetArrayLength()];
        var i = 0;
        foreach (var item in layer.Value.EnumerateArray())
            values[i++] = item.ValueKind == JsonValueKind.Number ? item.GetSingle() : throw new CapvecException($"{path}: directions.{layer.Name}[{i - 1}] is no number.");
        return values;
    }
}
