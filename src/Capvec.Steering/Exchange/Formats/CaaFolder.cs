using Capvec.Formats.Errors;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>A folder of CAA's vectors, a file a layer, of one model.</summary>
internal sealed class CaaFolder : IDirectionFormat
{
    public string Name => "CAA folder";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Folder && Files(file).Any();

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var files = Files(file).ToLookup(f => CaaName.Of(f)!.Value.Model);
        if (files.Count > 1)
            throw new CapvecException($"{file.Path} holds vectors of {files.Count} models ({string.Join(", ", files.Select(f => f.Key).Order(StringComparer.Ordinal).Take(4))}); put those of one into a folder of their own.");
        var vectors = new LayerVectors(file.Path, layersAre ?? LayerReading.ResidPost);
        foreach (var path in files.First().OrderBy(f => CaaName.Of(f)!.Value.Layer))
            vectors.Add(CaaName.Of(path)!.Value.Layer, TorchVectors.Values(TorchFile.Load(path).Root, path));
        return vectors.Finish($"file names say layers of {files.First().Key}, which CAA counts from 0 at the output", CaaVector.Provenance);
    }

    private static IEnumerable<string> Files(VectorFile file) => Directory.EnumerateFiles(file.Path, "vec_layer_*.pt").Where(f => CaaName.Of(f) is not null);
}
