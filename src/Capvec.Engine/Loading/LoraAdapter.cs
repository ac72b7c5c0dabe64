using Capvec.Engine.Lora;

namespace Capvec.Engine.Loading;

/// <summary>A LoRA adapter bound to a model, applied at run time to the sequences that name it: <c>y = W x + s B (A x)</c>.</summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly LoraProjection?[] _projections;

    internal LoraAdapter(string folder, string hash, LanguageModel model, LoraProjection?[] projections, IReadOnlyList<string> notes) =>
        (Folder, Hash, Model, _projections, Notes) = (folder, hash, model, projections, notes);

    /// <summary>The folder or GGUF file it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name, or the file's without its ending.</summary>
    public string Name => PathNames.Of(Folder);

    /// <summary>16 hexadecimal digits of a SHA-256 over config and weights.</summary>
    public string Hash { get; }

    /// <summary>The model it is bound to.</summary>
    public LanguageModel Model { get; }

    /// <summary>What a user should know, such as options of the training that the tensors cannot show; a line each.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The adapter's part of a projection, or null.</summary>
    internal LoraProjection? For(int projection) => _projections[projection];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var projection in _projections)
            projection?.Dispose();
    }
}
