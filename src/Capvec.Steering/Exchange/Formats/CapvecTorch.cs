using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary><c>dir.pt</c> as Capvec wrote it, known by its serialization id: a dict from 0-based block to vector, or a matrix whose row l is block l.</summary>
internal sealed class CapvecTorch : IDirectionFormat
{
    public string Name => "Capvec torch file";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Torch && file.IsOurTorch && file.Torch is TorchTensor or TorchDictionary { Count: > 0 };

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        if (file.Torch is TorchTensor matrix)
            vectors.AddRows(matrix.ToFloat32(), (int)matrix.Shape[1]);
        else
        {
            foreach (var (key, value) in (TorchDictionary)file.Torch!)
                vectors.Add((int)(long)key, TorchVectors.Values(value, $"{file.Path}: layer {key}"));
        }

        return vectors.Finish("Capvec wrote it, its numbers are layers", DirectionProvenance.Unknown);
    }
}
