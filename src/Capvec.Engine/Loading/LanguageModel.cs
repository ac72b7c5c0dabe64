using Capvec.Engine.Lora;
using Capvec.Engine.Qwen35;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Peft;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Loading;

/// <summary>A model's weights, packed for the kernels, and its shape. Immutable and shared by engines.</summary>
public sealed class LanguageModel : IDisposable
{
    private readonly Lazy<string> _hash;

    private LanguageModel(string folder, Qwen35Weights weights, IReadOnlyList<string> files, IReadOnlyList<int> stopTokens, IReadOnlyList<string> notes)
    {
        (Folder, Weights, StopTokens, Notes) = (folder, weights, stopTokens, notes);
        _hash = new Lazy<string>(() => FolderHash.Of(files));
    }

    /// <summary>The folder it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name; a folder called "checkpoint" takes its parent's.</summary>
    public string Name
    {
        get
        {
            var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder));
            var name = Path.GetFileName(full);
            return name == "checkpoint" && Path.GetFileName(Path.GetDirectoryName(full)) is { Length: > 0 } parent ? parent : name;
        }
    }

    /// <summary>16 hexadecimal digits of a SHA-256 over config.json and the weight files; read when first asked for.</summary>
    public string Hash => _hash.Value;

    /// <summary>The model's shape.</summary>
    public Qwen35Config Config => Weights.Config;

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
    public long WeightBytes => Weights.Embedding.Bytes + Weights.Projections.Where(p => p.Weights != Weights.Embedding).Sum(p => p.Weights.Bytes);

    internal Qwen35Weights Weights { get; }

    /// <summary>Loads a Hugging Face folder.</summary>
    /// <param name="folder">Holds config.json and safetensors files.</param>
    /// <param name="progress">Told the share of bytes read, 0 to 1.</param>
    /// <exception cref="CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static LanguageModel Load(string folder, IProgress<double>? progress = null)
    {
        var configPath = Path.Combine(folder, "config.json");
        if (!File.Exists(configPath))
            throw new CapvecException($"{folder}: no config.json here; expected a Hugging Face model folder (config.json, model.safetensors, tokenizer.json).");
        var config = Qwen35Config.Parse(configPath, File.ReadAllText(configPath));
        using var files = SafetensorsFolder.Open(folder);
        var loader = new Qwen35Loader(config, files, progress);
        MemoryPlan.CheckWeights(folder, loader.WeightBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var weights = loader.Load();
        return new LanguageModel(folder, weights, [configPath, .. files.Files.Order(StringComparer.Ordinal)], Stops(folder, config), loader.Notes);
    }

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

    private static int[] Stops(string folder, Qwen35Config config)
    {
        var path = Path.Combine(folder, "generation_config.json");
        if (!File.Exists(path))
            return [.. config.StopTokens];
        using var document = JsonFile.ReadObject(path);
        return [.. new ConfigReader(path, document.RootElement).Integers("eos_token_id").Concat(config.StopTokens).Distinct()];
    }
}
