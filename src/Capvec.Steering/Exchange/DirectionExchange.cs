using Capvec.Formats.Errors;
using Capvec.Steering.Directions;
using Capvec.Steering.Exchange.Formats;

namespace Capvec.Steering.Exchange;

/// <summary>Reads direction files of any known tool. docs/exchange.md lists them, and how each counts layers.</summary>
public static class DirectionExchange
{
    // The particular before the general: what a tool marks as its own before shapes that several tools use.
    private static readonly IDirectionFormat[] Formats =
    [
        new CapvecSafetensors(), new CapvecTorch(), new ControlVector(), new AbliterationMeasurements(), new SteeringVectorsRecord(), new PersonaVectors(), new CaaVector(), new CaaFolder(),
        new HereticAdapter(), new CastVector(), new EasySteerPayload(), new SteeringLite(), new LayerDictionary(), new StackedTensor(), new SingleVector(),
    ];

    /// <summary>The names of the forms that are read.</summary>
    public static IReadOnlyList<string> Names => [.. Formats.Select(f => f.Name)];

    /// <summary>The form of a file or folder, as <see cref="Read"/> would take it; null where it is of none.</summary>
    /// <param name="path">The path; <c>FILE#NAME</c> takes one of several sets in a file.</param>
    /// <returns>The name, and whether only the shape speaks for directions: a vector, a matrix, a dict with numbers as keys. All other forms bear a tool's mark.</returns>
    /// <exception cref="CapvecException">The file is missing, broken or hostile.</exception>
    public static (string Name, bool IsShapeAlone)? FormOf(string path)
    {
        using var file = Open(path);
        return Formats.FirstOrDefault(f => f.Detects(file)) is { } format ? (format.Name, format is LayerDictionary or StackedTensor or SingleVector) : null;
    }

    /// <summary>Reads a file, or a folder that a tool filled.</summary>
    /// <param name="path">The path; <c>FILE#NAME</c> takes one of several sets in a file.</param>
    /// <param name="layersAre">What the file's layer numbers count; null for what its form says.</param>
    /// <param name="whereUnsaid">Take <paramref name="layersAre"/> for a file that does not say it alone; what a file says itself then stands. For folders with files of several tools.</param>
    /// <returns>The set, whose notes say how the file was read, and the name of its form.</returns>
    /// <exception cref="CapvecException">The file is missing, broken, hostile, of no known form, or does not say what its layer numbers count and nor does <paramref name="layersAre"/>.</exception>
    public static (DirectionSet Set, string Format) Read(string path, LayerReading? layersAre = null, bool whereUnsaid = false)
    {
        using var file = Open(path);
        var format = Formats.FirstOrDefault(f => f.Detects(file)) ?? throw Unknown(file);
        return (format.Read(file, whereUnsaid && format.SaysLayers(file) ? null : layersAre), format.Name);
    }

    private static VectorFile Open(string path)
    {
        var own = Directory.Exists(path) ? new[] { "dir.safetensors", "dir.pt" }.Select(name => Path.Combine(path, name)).FirstOrDefault(File.Exists) : null;
        return VectorFile.Open(own ?? path);
    }

    private static CapvecException Unknown(VectorFile file) => new(file.Kind switch
    {
        VectorFileKind.Folder => $"{file.Name} has neither dir.safetensors nor dir.pt, nor vec_layer_N_MODEL.pt files of CAA, nor an adapter; run `capvec compute` or give a direction file.",
        VectorFileKind.Torch => $"{file.Name} holds {TorchVectors.Describe(file.Torch)}{TorchVectors.Hint(file.Torch, file.Path)}; expected {TorchVectors.Expected}.",
        VectorFileKind.Safetensors => StackedTensor.Refusal(file),
        VectorFileKind.Numpy => $"{file.Name} is an array of shape [{string.Join(", ", file.Numpy().Shape)}]; expected [layers, hidden], or [hidden] with --layers-are N.",
        _ => $"{file.Name} is JSON of no known form; expected a vector of IBM's activation-steering (model_type, directions) or a payload of EasySteer (version, kind, tensors).",
    });
}
