using Capvec.Engine.Families;
using Capvec.Engine.Lora;
using Capvec.Engine.Network;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Gguf;
using Capvec.Formats.Peft;

namespace Capvec.Engine.Loading;

/// <summary>A model's weights, packed for the kernels, and its shape. Immutable and shared by engines.</summary>
public sealed class LanguageModel : IDisposable
{
    private const string GgufEnding = ".gguf";
    private readonly Lazy<string> _hash;

    private LanguageModel(string folder, ModelWeights weights, IReadOnlyList<string> files, IReadOnlyList<int> stopTokens, IReadOnlyList<string> notes)
    {
        (Folder, Weights, StopTokens, Notes) = (folder, weights, stopTokens, notes);
        _hash = new Lazy<string>(() => FolderHash.Of(files));
    }

    /// <summary>The folder or GGUF file it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name, or the file's without its ending; a folder called "checkpoint" takes its parent's.</summary>
    public string Name
    {
        get
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder));
            var name = Path.GetFileName(full);
            if (name.EndsWith(GgufEnding, StringComparison.OrdinalIgnoreCase))
                return name[..^GgufEnding.Length];
            return name == "checkpoint" && Path.GetFileName(Path.GetDirectoryName(full)) is { Length: > 0 } parent ? parent : name;
        }
    }

    /// <summary>16 hexadecimal digits of a SHA-256 over config.json and the weight files, or over the GGUF files; read when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>The model's shape.</summary>
    public ModelConfig Config => Weights.Config;

    /// <summary>Number of blocks.</summary>
    public int Layers => Config.Layers;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => Config.Hidden;

    /// <summary>Rows of the output matrix.</summary>
    public int Vocabulary => Config.Vocabulary;

    /// <summary>Most positions of a sequence.</summary>
    public int MaxPositions => Config.MaxPositions;

    /// <summary>Ids that end a reply, from generation_config.json and config.json.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    /// <summary>What was left out or unexpected in the files, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Memory of the packed weights.</summary>
    public long WeightBytes => Weights.Projections.SelectMany(p => p.Matrices).Append(Weights.Embedding).Distinct().Sum(m => m.Bytes);

    internal ModelWeights Weights { get; }

    /// <summary>Loads a Hugging Face folder or a GGUF file.</summary>
    /// <param name="path">A folder with config.json and safetensors files, or a .gguf file (of a split model the first).</param>
    /// <param name="progress">Told the share of bytes read, 0 to 1.</param>
    /// <param name="fast">
    /// Round matrices that have no integer kernel of their own (bf16, f16, f32, other quantised types) to 12-bit blocks: about twice the speed of prompts; a weight is off by at most
    /// 1/8190 of the largest of its 32, less than bf16 itself rounds. The embedding stays as it is.
    /// </param>
    /// <exception cref="CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static LanguageModel Load(string path, IProgress<double>? progress = null, bool fast = false) =>
        GgufFile.IsNamed(path) ? LoadGguf(path, fast, progress) : LoadCheckpoint(path, fast, progress);

    /// <summary>Loads a PEFT LoRA folder for this model; it is applied at run time, to the sequences that name it.</summary>
    /// <exception cref="CapvecException">The adapter is of an unsupported kind or for another model.</exception>
    public LoraAdapter LoadAdapter(string folder)
    {
        var adapter = PeftAdapter.Load(folder);
        var projections = LoraBinder.Bind(adapter, [.. Weights.Projections.OrderBy(p => p.Id)]);
        return new LoraAdapter(folder, FolderHash.Of([Path.Combine(folder, PeftConfig.FileName), adapter.WeightsPath]), this, projections);
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private static LanguageModel LoadCheckpoint(string folder, bool fast, IProgress<double>? progress)
    {
        var configPath = Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new CapvecException($"{folder}: no config.json here; expected a Hugging Face model folder (config.json, model.safetensors, tokenizer.json) or a .gguf file.");
        using var document = JsonFile.ReadObject(configPath);
        var root = new ConfigReader(configPath, document.RootElement);
        var family = ModelFamilies.Of(root);
        var config = family.Read(root);
        using var source = CheckpointSource.Open(folder, family);
        MemoryPlan.CheckWeights(source.Path, source.MemoryBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var weights = WeightPacker.Load(family, config, source, fast, progress, out var notes);
        return new LanguageModel(folder, weights, [configPath, .. source.Files], Stops(folder, config), notes);
    }

    private static LanguageModel LoadGguf(string path, bool fast, IProgress<double>? progress)
    {
        using var file = GgufFile.Open(path);
        var keys = new GgufKeys(file);
        var family = ModelFamilies.Of(keys);
        var config = family.Read(keys);
        var source = new GgufSource(file, family, config);
        MemoryPlan.CheckWeights(source.Path, source.MemoryBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var weights = WeightPacker.Load(family, config, source, fast, progress, out var notes);
        return new LanguageModel(path, weights, source.Files, config.StopTokens, notes);
    }

    /// <summary>Ids that end a reply of a model folder.</summary>
    internal static int[] Stops(string folder, ModelConfig config)
    {
        var path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return [.. config.StopTokens];
        using var document = JsonFile.ReadObject(path);
        return [.. new ConfigReader(path, document.RootElement).Integers("eos_token_id").Concat(config.StopTokens).Distinct()];
    }
}
