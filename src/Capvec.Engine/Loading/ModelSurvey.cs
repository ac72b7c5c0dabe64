using Capvec.Engine.Network;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Loading;

/// <summary>What a model is and what it would take to run it, from the headers of its files: every tensor has been looked for and has the right shape, no weight has been read.</summary>
public sealed class ModelSurvey
{
    private readonly IReadOnlyList<SurveyedStack> _stacks;
    private readonly IReadOnlyList<string> _hashed;

    private ModelSurvey(ModelFiles files)
    {
        Config = files.Config;
        StopTokens = files.StopTokens;
        StoredBytes = files.Source.TotalBytes;
        _hashed = files.Hashed;
        _stacks = WeightSurvey.Of(files.Family, files.Config, files.Source, out var notes).Stacks;
        Notes = notes;
    }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Ids that end a reply.</summary>
    public IReadOnlyList<int> StopTokens { get; }

    /// <summary>Bytes of the text model's tensors in the files.</summary>
    public long StoredBytes { get; }

    /// <summary>Weights of all matrices; norms, biases and convolutions are not counted.</summary>
    public long MatrixWeights => _stacks.Sum(stack => (long)stack.Columns * stack.Parts.Sum(part => part.Rows));

    /// <summary>What loading would leave out or find unexpected, a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Looks at a Hugging Face folder or a GGUF file.</summary>
    /// <exception cref="CapvecException">A file is missing, broken or of an unsupported kind.</exception>
    public static ModelSurvey Of(string path)
    {
        using var files = ModelFiles.Open(path);
        return new ModelSurvey(files);
    }

    /// <summary>The model's <see cref="LanguageModel.Hash"/>; reads the files from end to end.</summary>
    public string ComputeHash() => FolderHash.Of(_hashed);

    /// <summary>What an engine takes with the weights in a format.</summary>
    /// <param name="format">The format that all matrices are kept in (float32 where rows are not whole blocks of it); null for the files' own.</param>
    /// <param name="options">Sizes of the engine; defaults where null.</param>
    public MemoryPlan Memory(WeightFormat? format, EngineOptions? options = null) => MemoryPlan.Of(Config, _stacks.Sum(stack => stack.Bytes(format)), options ?? new EngineOptions());
}
