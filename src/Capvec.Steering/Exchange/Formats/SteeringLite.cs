using System.Globalization;
using System.Text.RegularExpressions;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>steering-lite: safetensors with <c>layerN.v</c> [hidden], N the 0-based block whose output is steered, and the settings as JSON under the metadata key <c>cfg</c>.</summary>
internal sealed partial class SteeringLite : IDirectionFormat
{
    public string Name => "steering-lite";

    public bool Detects(VectorFile file) => file is { Kind: VectorFileKind.Safetensors, Entry: null } && file.Safetensors.Tensors.Values.Any(t => Layer().IsMatch(t.Name) && t.Shape.Length == 1);

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        foreach (var tensor in file.Safetensors.Tensors.Values.Where(t => t.Shape.Length == 1))
        {
            if (Layer().Match(tensor.Name) is { Success: true } match)
                vectors.Add(int.Parse(match.Groups["layer"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture), file.Safetensors.ReadFloat32(tensor.Name));
        }

        var settings = file.Safetensors.Metadata.TryGetValue("cfg", out var cfg) ? new[] { $"{file.Path}: made with {cfg}" } : null;
        return vectors.Finish("layerN.v of steering-lite is the output of the 0-based block N", DirectionProvenance.Unknown, settings);
    }

    [GeneratedRegex(@"^layer(?<layer>\d{1,4})\.v$", RegexOptions.CultureInvariant)]
    private static partial Regex Layer();
}
