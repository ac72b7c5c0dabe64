using Capvec.Engine.Families;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Loading;

/// <summary>An opened model, of whatever kind its files are: shape and headers are read, weights not yet.</summary>
internal sealed class ModelFiles : IDisposable
{
    private readonly IDisposable _opened;

    private ModelFiles(string path, ModelFamily family, ModelConfig config, WeightSource source, IReadOnlyList<string> hashed, IReadOnlyList<int> stopTokens, GgufFile? gguf, IDisposable opened) =>
        (Path, Family, Config, Source, Hashed, StopTokens, Gguf, _opened) = (path, family, config, source, hashed, stopTokens, gguf, opened);

    /// <summary>The folder or file.</summary>
    public string Path { get; }

    public ModelFamily Family { get; }

    public ModelConfig Config { get; }

    public WeightSource Source { get; }

    /// <summary>The files that a hash of the model covers, in order.</summary>
    public IReadOnlyList<string> Hashed { get; }

    /// <summary>Ids that end a reply.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    /// <summary>The GGUF file; null for a folder.</summary>
    public GgufFile? Gguf { get; }

    /// <summary>Opens a Hugging Face folder or a GGUF file.</summary>
    /// <exception cref="CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static ModelFiles Open(string path) => GgufFile.IsNamed(path) ? OpenGguf(path) : OpenFolder(path);

    public void Dispose() => _opened.Dispose();

    private static ModelFiles OpenFolder(string folder)
    {
        var configPath = System.IO.Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new CapvecException($"{folder}: no config.json here; expected a Hugging Face model folder (config.json, model.safetensors, tokenizer.json) or a .gguf file.");
        using var document = JsonFile.ReadObject(configPath);
        var root = new ConfigReader(configPath, document.RootElement);
        var family = ModelFamilies.Of(root);
        var config = family.Read(root);
        var source = CheckpointSource.Open(folder, family);
        return new ModelFiles(folder, family, config, source, [configPath, .. source.Files], Stops(folder, config), null, source);
    }

    private static ModelFiles OpenGguf(string path)
    {
        var file = GgufFile.Open(path);
        try
        {
            if (file.Metadata.FindString("general.type") == "adapter")
                throw new CapvecException($"{path} is a LoRA adapter, not a model; give it as the adapter of the model that it was trained on.");
            var keys = new GgufKeys(file);
            var family = ModelFamilies.Of(keys);
            var config = family.Read(keys);
            var source = new GgufSource(file, family, config);
            return new ModelFiles(path, family, config, source, source.Files, config.StopTokens, file, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static int[] Stops(string folder, ModelConfig config)
    {
        var path = System.IO.Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return [.. config.StopTokens];
        using var document = JsonFile.ReadObject(path);
        return [.. new ConfigReader(path, document.RootElement).Integers("eos_token_id").Concat(config.StopTokens).Distinct()];
    }
}
