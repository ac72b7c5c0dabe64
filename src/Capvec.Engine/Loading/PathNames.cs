namespace Capvec.Engine.Loading;

/// <summary>What models and adapters are called after the path that they come from.</summary>
internal static class PathNames
{
    private const string GgufEnding = ".gguf";

    /// <summary>The folder's name, or the file's without ".gguf".</summary>
    public static string Of(string path)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        return name.EndsWith(GgufEnding, StringComparison.OrdinalIgnoreCase) ? name[..^GgufEnding.Length] : name;
    }
}
