namespace Capvec.Formats.Tests.Files;

/// <summary>A folder of a test's own, deleted afterwards.</summary>
/// <param name="inMemory">Whether it lies in memory where the system has a place for that, for tests that write very many files.</param>
internal sealed class TemporaryFolder(bool inMemory = false) : IDisposable
{
    private const string Memory = "/dev/shm";

    public string Path { get; } = inMemory && Directory.Exists(Memory)
        ? Directory.CreateDirectory($"{Memory}/capvec-formats-{Guid.NewGuid():N}").FullName
        : Directory.CreateTempSubdirectory("capvec-formats-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    public string Write(string name, byte[] bytes)
    {
        System.IO.File.WriteAllBytes(File(name), bytes);
        return File(name);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
