using Capvec.Formats.Errors;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// The package steering-vectors: its <c>SteeringVector</c> pickled by torch.save, or its fields in a dict: <c>layer_activations</c> from 0-based block to vector, and <c>layer_type</c>. It records and
/// adds at outputs of blocks.
/// </summary>
internal sealed class SteeringVectorsRecord : IDirectionFormat
{
    private const string Vectors = "layer_activations";

    public string Name => "steering-vectors";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Torch && Fields(file)?.GetValueOrDefault(Vectors) is TorchDictionary;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var fields = Fields(file)!;
        if (fields.GetValueOrDefault("layer_type") is var type && type is not (null or "decoder_block"))
            throw new CapvecException($"{file.Name}: layer_type is '{type}'; the vectors are of that module's output and not of the residual stream after a block (decoder_block), which is what Capvec keeps directions of.");
        var vectors = new LayerVectors(file.Name, layersAre ?? LayerReading.ResidPost);
        foreach (var (key, value) in (TorchDictionary)fields[Vectors]!)
            vectors.Add(TorchVectors.Number(key) ?? throw new CapvecException($"{file.Name}: '{key}' in layer_activations is no layer."), TorchVectors.Values(value, $"{file.Name}: layer {key}"));
        return vectors.Finish("layer N of steering-vectors is the output of the 0-based block N", DirectionProvenance.Unknown);
    }

    private static TorchDictionary? Fields(VectorFile file) => file.Torch switch
    {
        TorchRecord record => record.Fields,
        TorchDictionary dictionary => dictionary,
        _ => null,
    };
}
