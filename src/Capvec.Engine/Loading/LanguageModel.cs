using Capvec.Engine.Families;
using Capvec.Engine.Lora;
using Capvec.Engine.Network;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Loading;

/// <summary>A model's weights, packed for the kernels, and its shape. Immutable and shared by engines.</summary>
public sealed class LanguageModel : IDisposable
{
    private readonly Lazy<string> _hash;

    private LanguageModel(string path, ModelWeights weights, ModelFiles files, IReadOnlyList<string> notes)
    {
        (Folder, Weights, Family, StopTokens, Notes) = (path, weights, files.Family, files.StopTokens, notes);
        var hashed = files.Hashed;
        _hash = new Lazy<string>(() => FolderHash.Of(hashed));
    }

    /// <summary>The folder or GGUF file it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name, or the file's without its ending; a folder called "checkpoint" takes its parent's.</summary>
    public string Name
    {
        get
        {
            var name = PathNames.Of(Folder);
            return name == "checkpoint" && Path.GetFileName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)))) is { Length: > 0 } parent ? parent : name;
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

    internal ModelFamily Family { get; }

    /// <summary>Loads a Hugging Face folder or a GGUF file.</summary>
    /// <param name="path">A folder with config.json and safetensors files, or a .gguf file (of a split model the first).</param>
    /// <param name="progress">Told the share of bytes read, 0 to 1.</param>
    /// <param name="fast">
    /// Round matrices that have no integer kernel of their own (bf16, f16, f32, other quantised types) to 12-bit blocks: about twice the speed of prompts; a weight is off by at most
    /// 1/8190 of the largest of its 32, less than bf16 itself rounds. The embedding stays as it is.
    /// </param>
    /// <exception cref="CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static LanguageModel Load(string path, IProgress<double>? progress = null, bool fast = false)
    {
        using var files = ModelFiles.Open(path);
        MemoryPlan.CheckWeights(files.Source.Path, files.Source.MemoryBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        var weights = WeightPacker.Load(files.Family, files.Config, files.Source, fast, progress, out var notes);
        return new LanguageModel(path, weights, files, notes);
    }

    /// <summary>Loads a LoRA adapter of this model; it is applied at run time, to the sequences that name it.</summary>
    /// <param name="path">A PEFT folder, or a GGUF file as llama.cpp's converter of adapters writes it.</param>
    /// <exception cref="CapvecException">The adapter is of an unsupported kind or for another model.</exception>
    public LoraAdapter LoadAdapter(string path)
    {
        var factors = AdapterFactors.Load(path, Family, Config);
        var projections = LoraBinder.Bind(factors, [.. Weights.Projections.OrderBy(p => p.Id)]);
        return new LoraAdapter(path, FolderHash.Of(factors.Files), this, projections, factors.Notes);
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
