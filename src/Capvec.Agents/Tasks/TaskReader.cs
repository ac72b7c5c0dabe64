using System.Text;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Tasks;

/// <summary>Reads task folders in the Harbor / terminal-bench-2 layout and refuses, with a reason, those that cannot be run.</summary>
public static class TaskReader
{
    /// <summary>The file that makes a folder a task.</summary>
    public const string ConfigFile = "task.toml";

    /// <summary>Longest text file of a task that is read, 4 MiB.</summary>
    private const long LongestText = 4 << 20;

    /// <summary>What every task needs, and what each is for.</summary>
    private static readonly (string File, string Role)[] Parts =
    [
        (ConfigFile, "the task's settings; an empty file is enough"),
        ("instruction.md", "what the agent is told"),
        ("environment/Dockerfile", "what is in the machine; 'FROM debian' and 'WORKDIR /app' are enough"),
        ("tests/test.sh", "the verifier, which writes /logs/verifier/reward.txt"),
    ];

    /// <summary>What only other kinds of tasks have.</summary>
    private static readonly (string Path, string What)[] Foreign =
    [
        ("environment/docker-compose.yaml", "several containers (docker compose)"),
        ("environment/docker-compose.yml", "several containers (docker compose)"),
        ("steps", "several steps"),
    ];

    /// <summary>Reads one task.</summary>
    /// <param name="folder">The folder that holds task.toml.</param>
    /// <exception cref="CapvecException">A part is missing or wrong, or the task needs a machine that Capvec does not have.</exception>
    public static HarborTask Load(string folder)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(full))
            throw new CapvecException($"{folder} is not a folder; expected a task with task.toml, instruction.md, environment/ and tests/. Give the path of one.");
        try
        {
            return Read(full);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"task {full} cannot be read: {e.Message} Make its files readable.", e);
        }
    }

    /// <summary>Reads the tasks of a folder, sorted by name (ordinal); a folder that is a task itself gives that one.</summary>
    /// <param name="directory">A task, or a folder whose direct sub-folders are tasks; sub-folders without task.toml are passed over.</param>
    /// <exception cref="CapvecException">There is no task, or one of them is wrong.</exception>
    public static IReadOnlyList<HarborTask> LoadAll(string directory)
    {
        var full = Path.GetFullPath(directory);
        if (!Directory.Exists(full))
            throw new CapvecException($"{directory} is not a folder; expected a task, or a folder of tasks. Give the path of one.");
        if (File.Exists(Path.Combine(full, ConfigFile)))
            return [Load(full)];
        string[] folders;
        try
        {
            folders = Directory.GetDirectories(full);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new CapvecException($"{directory} cannot be read: {e.Message} Make it readable.", e);
        }

        var tasks = folders.Where(f => File.Exists(Path.Combine(f, ConfigFile))).Order(StringComparer.Ordinal).Select(Load).ToList();
        return tasks.Count > 0 ? tasks : throw NoTasks(directory, folders);
    }

    private static HarborTask Read(string folder)
    {
        foreach (var (path, what) in Foreign)
        {
            if (Path.Exists(Path.Combine(folder, path)))
                throw new CapvecException($"task {folder} has {path}, so it wants {what}; Capvec runs tasks with one machine and one step. Leave the task out.");
        }

        foreach (var (file, role) in Parts)
            CheckPart(folder, file, role);
        var configFile = Path.Combine(folder, ConfigFile);
        return new()
        {
            Folder = folder,
            Name = Path.GetFileName(folder),
            Config = TaskConfigReader.Read(ReadText(configFile), configFile),
            Instruction = ReadInstruction(Path.Combine(folder, "instruction.md")),
            Hash = FolderHash.Compute(folder),
        };
    }

    private static void CheckPart(string folder, string file, string role)
    {
        var info = new FileInfo(Path.Combine(folder, file));
        if (info.LinkTarget is not null)
            throw new CapvecException($"task {folder}: {file} is a symbolic link; expected a file of the task's own. Put the file itself there.");
        if (info.Exists)
            return;
        var windows = Path.ChangeExtension(info.FullName, ".bat");
        throw new CapvecException(file.EndsWith(".sh", StringComparison.Ordinal) && File.Exists(windows)
            ? $"task {folder} has {Path.GetFileName(windows)}, so it wants a Windows machine; Capvec runs Linux tasks. Leave the task out."
            : $"task {folder} has no {file} ({role}). Add the file, or leave the task out.");
    }

    private static string ReadInstruction(string file)
    {
        var text = ReadText(file);
        return string.IsNullOrWhiteSpace(text) ? throw new CapvecException($"{file} is empty; expected what the agent is told. Write it.") : text;
    }

    private static string ReadText(string file)
    {
        if (new FileInfo(file).Length > LongestText)
            throw new CapvecException($"{file} is longer than {LongestText >> 20} MiB; expected a short text. Check that it is the right file.");
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(file));
        }
        catch (DecoderFallbackException e)
        {
            throw new CapvecException($"{file} is not UTF-8 text (first wrong byte at offset {e.Index}). Save it as UTF-8.", e);
        }
    }

    private static CapvecException NoTasks(string directory, string[] folders)
    {
        var deeper = folders.Where(f => Directory.EnumerateDirectories(f).Any(d => File.Exists(Path.Combine(d, ConfigFile)))).Order(StringComparer.Ordinal).ToList();
        var advice = deeper.Count > 0 ? $"Choose one of {string.Join(", ", deeper.Select(d => Path.GetRelativePath(Environment.CurrentDirectory, d)))}." : "Give a folder that holds tasks.";
        return new($"{directory} holds no task; expected task.toml in it or in its direct sub-folders. {advice}");
    }
}
