using Capvec.Formats.Errors;
using Capvec.Formats.Gguf;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange.Formats;

/// <summary>
/// Control vectors in GGUF: tensors <c>direction.N</c> (float32, [hidden]), as llama.cpp, repeng, EasySteer, GLP and Capvec write them. All of them add, or project, at the output of the 0-based block N;
/// llama.cpp's own generator measures one block earlier than llama.cpp applies. llama.cpp ignores all metadata; GLP's say what may not be ignored (<see cref="GlpMetadata"/>).
/// </summary>
internal sealed class ControlVector : IDirectionFormat
{
    /// <summary>Prefix of the tensors' names.</summary>
    public const string Prefix = "direction.";

    /// <summary>What general.architecture says in such files.</summary>
    public const string Architecture = "controlvector";

    /// <summary>Prefix of the metadata that Capvec adds to its own files.</summary>
    public const string OwnKeys = "capvec.";

    public string Name => "GGUF control vector";

    public bool Detects(VectorFile file) => file.Kind == VectorFileKind.Gguf;

    public DirectionSet Read(VectorFile file, LayerReading? layersAre)
    {
        var (gguf, path) = (file.Gguf, file.Path);
        if (gguf.Tensors.Count == 0)
            throw new CapvecException($"{path} holds no tensors; expected direction.N.");
        var numbers = new Dictionary<int, GgufTensor>();
        foreach (var tensor in gguf.Tensors.Values)
        {
            if (!numbers.TryAdd(Number(tensor, path), tensor))
                throw new CapvecException($"{path}: tensor '{tensor.Name}' is the second of its layer; expected one direction.N for each N.");
        }

        var glp = GlpMetadata.Read(gguf);
        glp?.Check(path, numbers, gguf);
        string? Own(string key) => gguf.Metadata.FindString(OwnKeys + key);
        var isOurs = Own("format") is not null;
        Dictionary<int, double> margins = DirectionMetadata.Figures(Own, path, "margin"), norms = DirectionMetadata.Figures(Own, path, "residual_norm");
        var vectors = new LayerVectors(path, layersAre ?? LayerReading.ResidPost);
        foreach (var (number, tensor) in numbers)
            vectors.Add(number, gguf.ReadFloat32(tensor.Name), Figure(margins, number), Figure(norms, number));
        var provenance = isOurs ? DirectionMetadata.Provenance(Own, path) : new DirectionProvenance { Estimator = gguf.Metadata.FindString("controlvector.method") };
        if (glp is not null)
            provenance = glp.Complete(provenance);
        return vectors.Finish("direction.N acts on the output of the 0-based block N", provenance, Notes(gguf, numbers, isOurs || glp is not null, layersAre).Concat(glp?.Notes(path) ?? []));
    }

    private static double? Figure(Dictionary<int, double> figures, int layer) => figures.TryGetValue(layer, out var value) ? value : null;

    // One dimension, or more of which only the first is not 1: llama.cpp counts the latter as one too.
    private static int Number(GgufTensor tensor, string path)
    {
        if (TorchVectors.Number(tensor.Name, Prefix) is not { } number)
        {
            throw new CapvecException(tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) && tensor.Name.Count(c => c == '.') == 2
                ? $"{path}: tensor '{tensor.Name}' is one of several directions of a layer (GLP of rank above 1), which is not read: llama.cpp would add them up, and Capvec keeps one direction a layer."
                : $"{path}: tensor '{tensor.Name}' is no direction; expected direction.N with N the 0-based block, and no other tensors.");
        }

        return tensor.Type == GgufType.F32 && tensor.Dimensions.Length > 0 && tensor.Dimensions.Skip(1).All(d => d == 1)
            ? number
            : throw new CapvecException($"{path}: tensor '{tensor.Name}' is {tensor.Type} {tensor.ShapeText}; expected float32 [hidden].");
    }

    private static IEnumerable<string> Notes(GgufFile gguf, Dictionary<int, GgufTensor> numbers, bool isMarked, LayerReading? layersAre)
    {
        if (gguf.Metadata.FindString("general.architecture") is var architecture && architecture != Architecture)
            yield return $"{gguf.Path}: general.architecture is {architecture ?? "missing"} and not {Architecture}; it is read by its tensors' names, as llama.cpp does";
        if (numbers.ContainsKey(0))
            yield return $"{gguf.Path}: it has direction.0 (EasySteer writes it), for which llama.cpp refuses the whole file; `capvec vectors convert --form gguf` leaves it out";
        if (gguf.Metadata.FindString("controlvector.model_hint") is { } hint)
            yield return $"{gguf.Path}: made for {hint}";
        // repeng and EasySteer write the count unsigned.
        if (!isMarked && layersAre is null && gguf.Metadata.Values.GetValueOrDefault("controlvector.layer_count") is int)
            yield return $"{gguf.Path}: if llama.cpp's cvector-generator wrote it, direction.N was measured after block N-1; it is taken at layer N, where llama.cpp adds it, and --layers-are hidden_states takes it where it was measured";
    }
}
