using Capvec.Formats.Errors;
using Capvec.Formats.Numpy;
using Capvec.Formats.Peft;
using Capvec.Steering.Exchange;

namespace Capvec.Cli.Inspection;

/// <summary>Tells what a path is by what lies in it, and has it described. Headers are read, not contents, so that the size of a file does not matter.</summary>
internal static class PathInspector
{
    /// <summary>Describes a file or folder.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="hash">Whether files are hashed, which reads them from end to end.</param>
    /// <exception cref="CapvecException">It is missing, damaged or of no kind that Capvec knows.</exception>
    public static Finding Inspect(string path, bool hash)
    {
        if (Directory.Exists(path))
            return InspectFolder(path, hash);
        if (!File.Exists(path) && path.LastIndexOf('#') is > 0 and var cut && File.Exists(path[..cut]))
            return DirectionInspector.Find(path, hash) ?? throw new CapvecException($"{path}: there are no directions under this name; inspect {path[..cut]} to see what it holds.", exitCode: CapvecException.WrongUsage);
        if (!File.Exists(path))
            throw new CapvecException($"{path}: there is no such file or folder.", exitCode: CapvecException.WrongUsage);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => DirectionInspector.Find(path, hash) ?? TensorInspector.Safetensors(path, hash),
            ".gguf" => GgufInspector.File(path, hash),
            ".pt" or ".pth" or ".bin" or ".pkl" => DirectionInspector.Find(path, hash) ?? TensorInspector.Torch(path, hash),
            ".npy" => DirectionInspector.Find(path, hash) ?? TensorInspector.Npy(path, hash),
            ".npz" => (IsOneArray(path) ? DirectionInspector.Find(path, hash) : null) ?? TensorInspector.Npz(path, hash),
            ".svec" => DirectionInspector.Find(path, hash) ?? throw new CapvecException($"{path} is no vector of IBM's activation-steering; expected JSON with \"directions\"."),
            ".json" => Payload(path, hash) ?? TraceInspector.File(path),
            ".yaml" or ".yml" => StudyInspector.File(path),
            var other => throw new CapvecException($"{path}: files that end in \"{other}\" are not known; safetensors, GGUF, a torch file (.pt), a numpy file (.npy, .npz), a vector of activation-steering (.svec), a trace or a payload of EasySteer (.json) or a study (.yaml) was expected.", exitCode: CapvecException.WrongUsage),
        };
    }

    private static Finding InspectFolder(string path, bool hash)
    {
        bool Has(string name) => File.Exists(Path.Combine(path, name));
        if (Has(PeftConfig.FileName))
            return DirectionInspector.AddTo(AdapterInspector.Folder(path, hash), path);
        if (Has("config.json"))
            return ModelInspector.Folder(path, hash);
        if (Has("study.yaml"))
            return StudyInspector.Folder(path);
        if (DirectionInspector.Find(path, hash) is { } directions)
            return directions;
        if (Has("tokenizer.json") || Has("model.safetensors.index.json") || Has("model.safetensors"))
            throw new CapvecException($"{path}: no config.json here, though there are other files of a model; fetch it.");
        if (Directory.EnumerateFiles(path, "*.gguf").Order(StringComparer.Ordinal).FirstOrDefault() is { } gguf)
            throw new CapvecException($"{path} is a folder with GGUF files; give one of them, such as {gguf}.", exitCode: CapvecException.WrongUsage);
        if (Directory.EnumerateFiles(path, "*.json", SearchOption.AllDirectories).Any())
            return TraceInspector.Folder(path);
        throw new CapvecException(
            $"{path} is a folder of no known kind; a model (config.json), an adapter ({PeftConfig.FileName}), a study's output (study.yaml), directions (dir.safetensors, or CAA's vec_layer_N_MODEL.pt) or traces (*.json) were expected.", exitCode: CapvecException.WrongUsage);
    }

    // Of several, one has to be named.
    private static bool IsOneArray(string path)
    {
        using var file = NpzFile.Open(path);
        return file.Names.Count == 1;
    }

    // Directions as JSON; what is wrong with another JSON file is for the reader of traces to say.
    private static Finding? Payload(string path, bool hash)
    {
        bool isPayload;
        try
        {
            isPayload = DirectionExchange.FormOf(path) is not null;
        }
        catch (CapvecException)
        {
            isPayload = false;
        }

        return isPayload ? DirectionInspector.Find(path, hash) : null;
    }
}
