using System.Runtime.CompilerServices;

namespace Capvec.Tests;

/// <summary>Finds files of the repository, and reference files that only the developers' machines have.</summary>
internal static class Repository
{
    /// <summary>The repository's root folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A path below the root.</summary>
    public static string File(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>A path in the reference material beside the repository; skips the test, visibly, where that is missing.</summary>
    public static string Shared(params string[] parts)
    {
        var path = Path.Combine([Root, "..", "shared", .. parts]);
        if (!System.IO.File.Exists(path) && !Directory.Exists(path))
            Assert.Skip($"reference material {string.Join('/', parts)} is not on this machine");
        return Path.GetFullPath(path);
    }

    private static string FindRoot([CallerFilePath] string here = "")
    {
        for (var at = Path.GetDirectoryName(here); at is not null; at = Path.GetDirectoryName(at))
        {
            if (System.IO.File.Exists(Path.Combine(at, "Capvec.slnx")))
                return at;
        }

        throw new InvalidOperationException("Capvec.slnx not found above the tests");
    }
}
