namespace Capvec.Experiments.Tests;

/// <summary>A folder of its own that goes with the test.</summary>
internal sealed class Scratch : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("capvec-experiments-").FullName;

    public string this[string name] => Path.Combine(Folder, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Folder, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Already gone, which is what is wanted.
        }
    }
}
