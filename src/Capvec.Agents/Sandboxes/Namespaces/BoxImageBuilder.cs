using System.Globalization;
using System.IO.Enumeration;
using Capvec.Agents.Sandboxes.Dockerfiles;
using Capvec.Agents.Tasks;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>Turns a task's folder into the archives and commands that fill a box.</summary>
internal sealed class BoxImageBuilder
{
    private readonly string _context;
    private readonly string _file;
    private readonly long _mostBytes;
    private readonly List<BoxStep> _steps = [];
    private readonly HashSet<string> _folders = new(StringComparer.Ordinal) { "/" };
    private TarBuilder _archive;

    private BoxImageBuilder(HarborTask task, long storageMb)
    {
        _context = Path.Combine(task.Folder, "environment");
        _file = Path.Combine(_context, "Dockerfile");
        _mostBytes = Math.Min(storageMb, 1024) << 20;
        _archive = new(_mostBytes);
    }

    /// <summary>Reads a task's environment and tests.</summary>
    /// <param name="task">The task.</param>
    /// <param name="variables">Variables that every command has anyway.</param>
    /// <param name="storageMb">Size of the box's file system.</param>
    /// <exception cref="CapvecException">The Dockerfile needs containers, or a file is missing.</exception>
    public static BoxImage Build(HarborTask task, IReadOnlyDictionary<string, string> variables, long storageMb)
    {
        var builder = new BoxImageBuilder(task, storageMb);
        try
        {
            return builder.Read(task, variables);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"the files of task {task.Folder} cannot be put into a sandbox: {e.Message.TrimEnd('.')}. Mend the file, or leave the task out.", e);
        }
    }

    private BoxImage Read(HarborTask task, IReadOnlyDictionary<string, string> variables)
    {
        if (File.Exists(Path.Combine(_context, ".dockerignore")))
            throw new CapvecException($"{_context}/.dockerignore needs the container sandbox; this one copies what COPY names. Remove the file, or leave the task out.");
        var dockerfile = DockerfileReader.Parse(File.ReadAllText(_file), _file, variables);
        AddSkeleton();
        foreach (var step in dockerfile.Steps)
            Add(step);
        var folder = task.Config.WorkingDirectory ?? dockerfile.WorkingDirectory;
        MakeFolder(folder);
        Flush();
        var own = new Dictionary<string, string>(dockerfile.Environment, StringComparer.Ordinal);
        foreach (var (name, value) in task.Config.EnvironmentVariables)
            own[name] = value;
        var verifier = new Dictionary<string, string>(own, StringComparer.Ordinal);
        foreach (var (name, value) in task.Config.VerifierVariables)
            verifier[name] = value;
        return new(dockerfile, _file, folder, Pairs(own), Pairs(verifier), _steps, PackTests(task));
    }

    private static string[] Pairs(Dictionary<string, string> variables) => [.. variables.Select(v => $"{v.Key}={v.Value}")];

    private byte[] PackTests(HarborTask task)
    {
        using var archive = new TarBuilder(_mostBytes);
        var script = new FileInfo(Path.Combine(task.Folder, "tests", "test.sh"));
        archive.AddContent("", script.Directory!);
        archive.AddFile("/test.sh", script, TarBuilder.RunnableMode);
        return archive.Finish();
    }

    /// <summary>What every machine has besides the host's system folders.</summary>
    private void AddSkeleton()
    {
        // Root and the mounts are there already, but with the time at which they were made, and "ls -la" shows a folder's parent.
        foreach (var folder in new[] { "/", "/dev", "/etc", "/tests", "/logs", "/logs/verifier", "/home", "/mnt", "/opt", "/run", "/srv", "/var", "/var/log", "/logs/agent" })
            _archive.AddFolder(folder);
        _archive.AddFolder("/root", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var folder in new[] { "/tmp", "/var/tmp" })
            _archive.AddFolder(folder, (UnixFileMode)0b001_111_111_111);
        _folders.UnionWith(["/home", "/mnt", "/opt", "/run", "/srv", "/var", "/var/log", "/root", "/tmp", "/var/tmp", "/etc"]);
        foreach (var (name, target) in new[] { ("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2") })
            _archive.AddLink($"/dev/{name}", $"/proc/self/fd{target}");
        _archive.AddLink("/dev/ptmx", "pts/ptmx");
        _archive.AddText("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n");
        _archive.AddText("/etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
        _archive.AddText("/etc/hostname", $"{BoxLayout.HostName}\n");
        _archive.AddText("/etc/hosts", $"127.0.0.1\tlocalhost {BoxLayout.HostName}\n::1\tlocalhost\n");
        _archive.AddText("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n");
        _archive.AddLink("/etc/os-release", "../usr/lib/os-release");
    }

    private void Add(DockerfileStep step)
    {
        switch (step)
        {
            case FolderStep folder:
                CheckPlace(folder.Folder, step.Line);
                MakeFolder(folder.Folder);
                break;
            case CopyStep copy:
                Copy(copy);
                break;
            case RunStep run:
                Flush();
                _steps.Add(new(null, run));
                break;
        }
    }

    private void Copy(CopyStep copy)
    {
        var sources = copy.Sources.SelectMany(source => Find(source, copy.Line)).ToList();
        if (sources.Count > 1 && !copy.IntoFolder)
            throw Error(copy.Line, $"{sources.Count} files match and the destination is no folder; end it with a slash.");
        foreach (var source in sources)
        {
            if (source is DirectoryInfo folder)
            {
                CheckPlace(copy.Destination, copy.Line);
                MakeFolder(copy.Destination);
                _archive.AddContent(copy.Destination, folder, copy.Mode);
                continue;
            }

            var into = copy.IntoFolder || _folders.Contains(copy.Destination);
            var target = into ? $"{copy.Destination.TrimEnd('/')}/{source.Name}" : copy.Destination;
            CheckPlace(target, copy.Line);
            MakeFolder(into ? copy.Destination : Path.GetDirectoryName(copy.Destination)!);
            _archive.AddFile(target, (FileInfo)source, copy.Mode);
        }
    }

    /// <summary>The files and folders of the context that a source names; * and ? stand for parts of a name.</summary>
    private List<FileSystemInfo> Find(string source, int line)
    {
        var found = new List<FileSystemInfo> { new DirectoryInfo(_context) };
        foreach (var part in source.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(p => p != "."))
        {
            if (part == "..")
                throw Error(line, $"'{source}' leaves the build context; expected a path inside environment/. Copy the file there.");
            if (part.Contains('['))
                throw Error(line, $"'{source}': patterns with [ need the container sandbox; this one knows * and ?. Name the files.");
            found = [.. found.OfType<DirectoryInfo>().Where(f => f.LinkTarget is null).SelectMany(f => f.EnumerateFileSystemInfos())
                .Where(e => FileSystemName.MatchesSimpleExpression(part, e.Name, ignoreCase: false))
                .Select(e => e is DirectoryInfo && e.LinkTarget is not null ? new FileInfo(e.FullName) : e)
                .OrderBy(e => e.Name, StringComparer.Ordinal)];
        }

        return found.Count > 0 ? found : throw Error(line, $"'{source}' is not in the build context {_context}. Add the file, or correct the name.");
    }

    private void CheckPlace(string path, int line)
    {
        if (BoxLayout.Reserved.FirstOrDefault(r => path == r || path.StartsWith($"{r}/", StringComparison.Ordinal)) is { } reserved)
            throw Error(line, $"{path} cannot be written: {reserved} belongs to the host's system or to the sandbox itself. This needs the container sandbox; use another folder, such as /app, or leave the task out.");
    }

    private void MakeFolder(string path)
    {
        for (var end = path.IndexOf('/', 1); ; end = path.IndexOf('/', end + 1))
        {
            var part = end < 0 ? path : path[..end];
            if (_folders.Add(part))
                _archive.AddFolder(part);
            if (end < 0)
                return;
        }
    }

    private void Flush()
    {
        if (!_archive.IsEmpty)
            _steps.Add(new(_archive.Finish(), null));
        _archive = new(_mostBytes);
    }

    private CapvecException Error(int line, string what) => new(string.Create(CultureInfo.InvariantCulture, $"{_file}, line {line}: {what}"));
}
