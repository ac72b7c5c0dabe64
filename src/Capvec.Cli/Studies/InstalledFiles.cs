using Capvec.Formats.Errors;

namespace Capvec.Cli.Studies;

/// <summary>Finds files that come with the program, above the folder it runs from.</summary>
internal static class InstalledFiles
{
    /// <summary>The path of a file of the repository.</summary>
    /// <exception cref="CapvecException">It is in no folder above the program.</exception>
    public static string Find(params string[] parts)
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            var path = Path.Combine([at, .. parts]);
            if (File.Exists(path))
                return path;
        }

        throw new CapvecException($"{Path.Combine(parts)} is in no folder above {AppContext.BaseDirectory}; start capvec from a clone of the repository.");
    }
}
