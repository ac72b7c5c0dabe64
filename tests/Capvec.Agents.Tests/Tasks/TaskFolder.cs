using Capvec.Agents.Tasks;

namespace Capvec.Agents.Tests.Tasks;

/// <summary>A task folder in the temporary folder, complete until a test changes it; removed afterwards.</summary>
internal sealed class TaskFolder : IDisposable
{
    public TaskFolder(string toml = "", string dockerfile = "FROM debian\nWORKDIR /app\n", string test = "#!/bin/bash\necho 1 > /logs/verifier/reward.txt\n")
    {
        Path = Directory.CreateTempSubdirectory("capvec-task-").FullName;
        Write("task.toml", toml);
        Write("instruction.md", "Do it.");
        Write("environment/Dockerfile", dockerfile);
        Write("tests/test.sh", test);
    }

    public string Path { get; }

    public string Write(string file, string text)
    {
        var path = System.IO.Path.Combine(Path, file);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    public TaskFolder With(string file, string text)
    {
        Write(file, text);
        return this;
    }

    public HarborTask Load() => TaskReader.Load(Path);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
