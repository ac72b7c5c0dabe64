using Capvec.Formats.Errors;
using Capvec.Formats.Safetensors;
using Capvec.Formats.Torch;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// A matrix [layers, hidden], or a list of vectors, of torch.save, safetensors or numpy. Of safetensors row l is taken as layer l, as docs/formats.md has always said; of the others the user has to
/// say what rows count, since tools that keep the embeddings in row 0 write the same shape.
/// </summary>
internal sealed class StackedTensor : IDirectionFormat
{
    private const long MostLayers = 10_000;

    public string Name => "stacked tensor";

    public bool Detects(VectorFile file) => file.Kind switch
    {
        VectorFileKind.Torch => file.Torch is TorchTensor { Shape: [> 1 and <= MostLayers, > 0] } || (file.Torch is TorchSequence { Items.Count: > 0 and <= (int)MostLayers } list && list.Items.All(TorchVectors.IsVector)),
        VectorFileKind.Safetensors => file.Entry is not null || Only(file.Safetensors) is not null,
        VectorFileKind.Numpy => file.Numpy().Shape is [> 1 and <= MostLayers, > 0],
        _ => false,
    };

    public bool SaysLayers(VectorFile file) => file.Kind == VectorFileKind.Safetensors;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var (rows, hidden) = Values(file);
        var count = rows.Length / hidden;
        var reading = SaysLayers(file) ? layersAre ?? LayerReading.ResidPost : Ambiguity.Settle(file, $"{count} rows", [.. Enumerable.Range(0, count)], layersAre);
        var vectors = new LayerVectors(file.Name, reading);
        vectors.AddRows(rows, hidden);
        return vectors.Finish($"rows are read as {reading.Word}", DirectionProvenance.Unknown);
    }

    /// <summary>Why a safetensors file is of no known form.</summary>
    public static string Refusal(VectorFile file)
    {
        var tensors = file.Safetensors.Tensors.Values;
        var stacked = tensors.Where(t => t.Shape.Length == 2).Select(t => t.Name).Order(StringComparer.Ordinal).ToList();
        return stacked.Count > 0
            ? $"{file.Path} holds several tensors; say which one: {file.Path}#{stacked[0]} (it has {string.Join(", ", stacked.Take(8))})."
            : $"{file.Path} holds neither tensors direction.N nor a tensor [layers, hidden]; it has {string.Join(", ", tensors.Take(4).Select(t => $"{t.Name} {t.ShapeText}"))}.";
    }

    private static (float[] Rows, int Hidden) Values(VectorFile file)
    {
        switch (file.Kind)
        {
            case VectorFileKind.Torch when file.Torch is TorchTensor tensor:
                return (tensor.ToFloat32(), (int)tensor.Shape[1]);
            case VectorFileKind.Torch:
                var list = ((TorchSequence)file.Torch!).Items.Select((item, i) => TorchVectors.Values(item, $"{file.Name}: row {i}")).ToList();
                if (list.FirstOrDefault(row => row.Length != list[0].Length) is { } odd)
                    throw new CapvecException($"{file.Name}: rows have {list[0].Length} and {odd.Length} numbers; all must have the model's hidden size.");
                return ([.. list.SelectMany(row => row)], list[0].Length);
            case VectorFileKind.Numpy:
                var array = file.Numpy();
                return (array.ToFloat32(), (int)array.Shape[1]);
            default:
                var found = file.Safetensors.Find(file.Entry ?? Only(file.Safetensors)!);
                if (found.Shape.Length != 2 || found.Shape[0] is 0 or > MostLayers || found.Shape[1] == 0)
                    throw new CapvecException($"{file.Path}: tensor '{found.Name}' is {found.ShapeText}; expected [layers, hidden].");
                return (file.Safetensors.ReadFloat32(found.Name), (int)found.Shape[1]);
        }
    }

    private static string? Only(SafetensorsFile file) => file.Tensors.Count == 1 && file.Tensors.Values.First() is { Shape.Length: 2 } only ? only.Name : null;
}
