using Capvec.Formats.Errors;
using Capvec.Formats.Peft;

namespace Capvec.Cli.Inspection;

/// <summary>Tells what a path is by what lies in it, and has it described.</summary>
internal static class PathInspector
{
    /// <summary>Describes a file or folder.</summary>
    /// <exception cref="CapvecException">It is missing, damaged or of no kind that Capvec knows.</exception>
    public static Finding Inspect(string path)
    {
        if (Directory.Exists(path))
            return InspectFolder(path);
        if (!File.Exists(path))
            throw new CapvecException($"{path}: there is no such file or folder.", exitCode: CapvecException.WrongUsage);
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".safetensors" => TensorInspector.Safetensors(path),
            ".gguf" => ModelInspector.Gguf(path),
            ".pt" or ".pth" or ".bin" or ".pkl" => TensorInspector.Torch(path),
            ".json" => TraceInspector.File(path),
            var other => throw new CapvecException($"{path}: files that end in \"{other}\" are not known; safetensors, a GGUF model, a torch file (.pt) or a trace (.json) was expected.", exitCode: CapvecException.WrongUsage),
        };
    }

    private static Finding InspectFolder(string path)
    {
        bool Has(string name) => File.Exists(Path.Combine(path, name));
        if (Has(PeftConfig.FileName))
            return ModelInspector.Adapter(path);
        if (Has("config.json"))
            return ModelInspector.Model(path);
        if (Has("study.yaml"))
            return StudyInspector.Folder(path);
        if (Directory.EnumerateFiles(path, "*.json", SearchOption.AllDirectories).Any())
            return TraceInspector.Folder(path);
        throw new CapvecException(
            $"{path} is a folder of no known kind; a model (config.json), an adapter ({PeftConfig.FileName}), a study's output (study.yaml) or traces (*.json) were expected.", exitCode: CapvecException.WrongUsage);
    }
}
