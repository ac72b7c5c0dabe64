using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary><c>dir.safetensors</c>: tensors <c>direction.N</c>, N the 0-based block, with figures and provenance in the metadata.</summary>
internal sealed class CapvecSafetensors : IDirectionFormat
{
    private const string Prefix = "direction.";

    public string Name => "Capvec safetensors";

    public bool Detects(VectorFile file) => file is { Kind: VectorFileKind.Safetensors, Entry: null } && file.Safetensors.Tensors.Count > 0 && file.Safetensors.Tensors.Keys.All(k => k.StartsWith(Prefix, StringComparison.Ordinal));

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var stored = file.Safetensors;
        string? Find(string key) => stored.Metadata.GetValueOrDefault(key);
        Dictionary<int, double> margins = DirectionMetadata.Figures(Find, file.Path, "margin"), norms = DirectionMetadata.Figures(Find, file.Path, "residual_norm"), scales = DirectionMetadata.Figures(Find, file.Path, "scale");
        var provenance = DirectionMetadata.Provenance(Find, file.Path);
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        foreach (var tensor in stored.Tensors.Values)
        {
            if (!int.TryParse(tensor.Name.AsSpan(Prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var layer) || tensor.Shape.Length != 1)
                throw new CapvecException($"{file.Path}: tensor '{tensor.Name}' {tensor.ShapeText}: expected direction.N [hidden] with N the 0-based block.");
            vectors.Add(layer, stored.ReadFloat32(tensor.Name), Figure(margins, layer), Figure(norms, layer), Figure(scales, layer));
        }

        return vectors.Finish(layersAre is null && Find("format") == DirectionFile.Format ? null : "direction.N is of the output of the 0-based block N", provenance);
    }

    private static double? Figure(Dictionary<int, double> figures, int layer) => figures.TryGetValue(layer, out var value) ? value : null;
}
