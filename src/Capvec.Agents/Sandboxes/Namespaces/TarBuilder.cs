using System.Formats.Tar;
using System.Text;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// Puts files of the host into a tar archive in which root owns everything. Links are kept as links and never followed. Of dates and modes only
/// what git keeps and <see cref="Tasks.FolderHash"/> covers is taken over, whether a file's owner may run it: the rest is an accident of
/// when and by whom the task was checked out, and the agent would see it.
/// </summary>
internal sealed class TarBuilder : IDisposable
{
    /// <summary>Mode of folders, and of files that can be run.</summary>
    public const UnixFileMode RunnableMode = (UnixFileMode)0b111_101_101;

    private const UnixFileMode FileMode = (UnixFileMode)0b110_100_100;

    private readonly MemoryStream _bytes = new();
    private readonly TarWriter _writer;
    private readonly long _most;

    /// <summary>An empty archive.</summary>
    /// <param name="mostBytes">Size beyond which adding fails.</param>
    public TarBuilder(long mostBytes)
    {
        _most = mostBytes;
        _writer = new(_bytes, TarEntryFormat.Gnu, leaveOpen: true);
    }

    /// <summary>Whether nothing was added.</summary>
    public bool IsEmpty { get; private set; } = true;

    /// <summary>The finished archive; nothing can be added afterwards.</summary>
    public byte[] Finish()
    {
        _writer.Dispose();
        return _bytes.ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    /// <summary>Adds a folder.</summary>
    /// <param name="path">Absolute path in the box.</param>
    /// <param name="mode">Its mode.</param>
    public void AddFolder(string path, UnixFileMode mode = RunnableMode) => Add(new(TarEntryType.Directory, Name(path)) { Mode = mode });

    /// <summary>Adds a symbolic link.</summary>
    public void AddLink(string path, string target) => Add(new(TarEntryType.SymbolicLink, Name(path)) { LinkName = target });

    /// <summary>Adds a file with a text.</summary>
    public void AddText(string path, string text, UnixFileMode mode = FileMode) => AddBytes(path, Encoding.UTF8.GetBytes(text), mode);

    /// <summary>Adds a file with content.</summary>
    public void AddBytes(string path, byte[] content, UnixFileMode mode = FileMode)
    {
        using var stream = new MemoryStream(content, writable: false);
        Add(new(TarEntryType.RegularFile, Name(path)) { Mode = mode, DataStream = stream });
    }

    /// <summary>Adds a file of the host, or a link as it is.</summary>
    /// <param name="path">Absolute path in the box.</param>
    /// <param name="source">The file.</param>
    /// <param name="mode">Its mode in the box, or null for the usual one.</param>
    /// <exception cref="IOException">It cannot be read, or the archive gets too large.</exception>
    public void AddFile(string path, FileInfo source, UnixFileMode? mode = null)
    {
        if (source.LinkTarget is { } target)
        {
            AddLink(path, target);
            return;
        }

        if (_bytes.Length + source.Length > _most)
            throw new IOException($"the files are larger than the {_most >> 20} MiB that fit");
        using var stream = source.OpenRead();
        Add(new(TarEntryType.RegularFile, Name(path)) { Mode = mode ?? ModeOf(source), DataStream = stream });
    }

    /// <summary>Adds what is in a folder of the host, itself not included.</summary>
    public void AddContent(string path, DirectoryInfo source, UnixFileMode? mode = null)
    {
        foreach (var entry in source.EnumerateFileSystemInfos().OrderBy(e => e.Name, StringComparer.Ordinal))
        {
            var target = $"{path.TrimEnd('/')}/{entry.Name}";
            if (entry is DirectoryInfo folder && folder.LinkTarget is null)
            {
                AddFolder(target, mode ?? RunnableMode);
                AddContent(target, folder, mode);
            }
            else
            {
                AddFile(target, new(entry.FullName), mode);
            }
        }
    }

    private void Add(GnuTarEntry entry)
    {
        entry.Uid = entry.Gid = 0;
        entry.ModificationTime = BoxLayout.FileTime;
        _writer.WriteEntry(entry);
        IsEmpty = false;
    }

    private static UnixFileMode ModeOf(FileInfo file) =>
        OperatingSystem.IsWindows() || file.UnixFileMode.HasFlag(UnixFileMode.UserExecute) ? RunnableMode : FileMode;

    /// <summary>Names in the archive start below the folder it is unpacked in.</summary>
    private static string Name(string path) => "." + path;
}
