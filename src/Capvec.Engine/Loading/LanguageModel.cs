namespace Capvec.Engine.Loading;

/// <summary>A model's weights, packed for the kernels, and its shape.</summary>
public sealed class LanguageModel : IDisposable
{
    private LanguageModel(string folder) => Folder = folder;

    /// <summary>The folder it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>16 hexadecimal digits of a SHA-256 over config and weights.</summary>
    public string Hash => throw new NotImplementedException();

    /// <summary>Number of blocks.</summary>
    public int Layers => throw new NotImplementedException();

    /// <summary>Width of the residual stream.</summary>
    public int Hidden => throw new NotImplementedException();

    /// <summary>Rows of the output matrix.</summary>
    public int Vocabulary => throw new NotImplementedException();

    /// <summary>Most positions of a sequence.</summary>
    public int MaxPositions => throw new NotImplementedException();

    /// <summary>Ids that end a reply, from generation_config.json and config.json.</summary>
    public IReadOnlyList<int> StopTokens => throw new NotImplementedException();

    /// <summary>Loads a Hugging Face folder.</summary>
    /// <param name="folder">Holds config.json and safetensors files.</param>
    /// <param name="progress">Told the share of bytes read, 0 to 1.</param>
    public static LanguageModel Load(string folder, IProgress<double>? progress = null) => throw new NotImplementedException();

    /// <summary>Loads a PEFT LoRA folder for this model; it is applied at run time, to the sequences that name it.</summary>
    public LoraAdapter LoadAdapter(string folder) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
