using System.Globalization;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// Limits on a whole box, where the host lets this process make control groups (version 1: usually only root; version 2: also a user to whom systemd
/// has delegated some). Without, each process is limited, and the number of processes, and the size of the files; not the sum of memory.
/// </summary>
internal sealed class ControlGroup : IDisposable
{
    private const string Prefix = "capvec-box-";

    private static readonly Lazy<ControlGroupPlaces?> Places = new(ControlGroupPlaces.Find);
    private static int _last;

    private readonly List<string> _folders = [];

    private ControlGroup(string description) => Description = description;

    /// <summary>What is in force, for the build log.</summary>
    public string Description { get; }

    /// <summary>Puts a process, and all that it will start, into a new group; null where that cannot be.</summary>
    /// <param name="process">The process.</param>
    /// <param name="memoryMb">Most memory of the group in MiB, its files in memory included.</param>
    /// <param name="processes">Most processes of the group.</param>
    public static ControlGroup? TryCreate(int process, long memoryMb, int processes)
    {
        if (Places.Value is not { } places)
            return null;
        var group = new ControlGroup(string.Create(CultureInfo.InvariantCulture, $"{memoryMb} MiB of memory and {processes} processes (control group, version {(places.Unified ? 2 : 1)})"));
        var name = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Interlocked.Increment(ref _last)}");
        try
        {
            group.Make(places.Memory, name, process, (places.Unified ? "memory.max" : "memory.limit_in_bytes", memoryMb << 20), ("pids.max", processes), places.Unified);
            if (!places.Unified)
                group.Make(places.Processes, name, process, ("pids.max", processes), default, both: false);
            return group;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            group.Dispose();
            return null;
        }
    }

    /// <summary>Removes groups that a program left behind which was killed; the system refuses for those that are in use.</summary>
    public static void RemoveLeftOvers(string parent)
    {
        foreach (var folder in Directory.GetDirectories(parent, $"{Prefix}*"))
        {
            if (!Directory.Exists($"/proc/{Path.GetFileName(folder)[Prefix.Length..].Split('-')[0]}"))
                Remove(folder);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var folder in _folders)
            Remove(folder);
        _folders.Clear();
    }

    private static void Remove(string folder)
    {
        try
        {
            Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something in it is still ending; the next program that makes boxes removes it.
        }
    }

    private void Make(string parent, string name, int process, (string File, long Value) first, (string File, long Value) second, bool both)
    {
        var folder = Path.Combine(parent, name);
        Directory.CreateDirectory(folder);
        _folders.Add(folder);
        Write(folder, first.File, first.Value);
        if (both)
            Write(folder, second.File, second.Value);
        Write(folder, "cgroup.procs", process);
    }

    private static void Write(string folder, string file, long value) => File.WriteAllText(Path.Combine(folder, file), value.ToString(CultureInfo.InvariantCulture));
}
