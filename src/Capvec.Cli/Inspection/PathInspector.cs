using Capvec.Formats.Errors;
using Capvec.Formats.Peft;

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
        if (!File.Exists(path))
            throw new CapvecException($"{path}: there is no such file or folder.", exitCode: CapvecException.WrongUsage);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => DirectionInspector.Find(path, hash) ?? TensorInspector.Safetensors(path, hash),
            ".gguf" => GgufInspector.File(path, hash),
            ".pt" or ".pth" or ".bin" or ".pkl" => DirectionInspector.Find(path, hash) ?? TensorInspector.Torch(path, hash),
            ".npy" => TensorInspector.Npy(path, hash),
            ".npz" => TensorInspector.Npz(path, hash),
            ".json" => TraceInspector.File(path),
            ".yaml" or ".yml" => StudyInspector.File(path),
            var other => throw new CapvecException($"{path}: files that end in \"{other}\" are not known; safetensors, GGUF, a torch file (.pt), a numpy file (.npy, .npz), a trace (.json) or a study (.yaml) was expected.", exitCode: CapvecException.WrongUsage),
        };
    }

    private static Finding InspectFolder(string path, bool hash)
    {
        bool Has(string name) => File.Exists(Path.Combine(path, name));
        if (Has(PeftConfig.FileName))
            return AdapterInspector.Folder(path, hash);
        if (Has("config.json"))
            return ModelInspector.Folder(path, hash);
        if (Has("study.yaml"))
            return StudyInspector.Folder(path);
        if ((Has("dir.safetensors") || Has("dir.pt")) && DirectionInspector.Find(path, hash) is { } directions)
            return directions;
        if (Directory.EnumerateFiles(path, "*.json", SearchOption.AllDirectories).Any())
            return TraceInspector.Folder(path);
        throw new CapvecException(
            $"{path} is a folder of no known kind; a model (config.json), an adapter ({PeftConfig.FileName}), a study's output (study.yaml), directions (dir.safetensors) or traces (*.json) were expected.", exitCode: CapvecException.WrongUsage);
    }
}
