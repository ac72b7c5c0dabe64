namespace Capvec.Engine.Loading;

/// <summary>A LoRA adapter bound to a model, applied at run time: <c>y = W x + s B (A x)</c>.</summary>
public sealed class LoraAdapter
{
    internal LoraAdapter(string folder, string hash) => (Folder, Hash) = (folder, hash);

    /// <summary>The folder it came from.</summary>
    public string Folder { get; }

    /// <summary>The folder's name.</summary>
    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(Folder)));

    /// <summary>16 hexadecimal digits of a SHA-256 over config and weights.</summary>
    public string Hash { get; }
}
