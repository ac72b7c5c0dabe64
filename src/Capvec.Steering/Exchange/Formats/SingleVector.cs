using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>One vector, [hidden] or [1, hidden], of torch.save or numpy, in a file that does not say of which layer: the user gives the block.</summary>
internal sealed class SingleVector : IDirectionFormat
{
    public string Name => "single vector";

    public bool Detects(VectorFile file) => file.Kind switch
    {
        VectorFileKind.Torch => TorchVectors.IsVector(file.Torch),
        VectorFileKind.Numpy => file.Numpy() is { Count: > 0, Shape: [_] or [1, _] },
        _ => false,
    };

    public bool SaysLayers(VectorFile file) => false;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var vectors = new LayerVectors(file.Name, Ambiguity.Block(file, layersAre));
        vectors.Add(0, file.Kind == VectorFileKind.Torch ? TorchVectors.Values((TorchTensor)file.Torch!, file.Name) : file.Numpy().ToFloat32());
        return vectors.Finish("one vector", DirectionProvenance.Unknown);
    }
}
