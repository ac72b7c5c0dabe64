using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>One vector of CAA, in a file whose name holds the layer: the raw mean difference at the answer's letter, of the output of the 0-based block L.</summary>
internal sealed class CaaVector : IDirectionFormat
{
    /// <summary>What CAA's files are, as far as the tool fixes it.</summary>
    public static DirectionProvenance Provenance { get; } = new() { Estimator = "mean-difference", Positions = "the answer's letter" };

    public string Name => "CAA vector";

    public bool Detects(VectorFile file) => file is { Kind: VectorFileKind.Torch, Entry: null } && CaaName.Of(file.Path) is not null && TorchVectors.IsVector(file.Torch);

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var (layer, model) = CaaName.Of(file.Path)!.Value;
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        vectors.Add(layer, TorchVectors.Values(file.Torch, file.Path));
        return vectors.Finish($"its name says layer {layer} of {model}, which CAA counts from 0 at the output", Provenance);
    }
}
