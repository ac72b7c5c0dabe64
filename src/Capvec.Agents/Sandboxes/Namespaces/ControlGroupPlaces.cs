namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>The folders in which this process can make control groups (man 7 cgroups).</summary>
/// <param name="Unified">Whether it is version 2, with one folder for both.</param>
/// <param name="Memory">Where groups that limit memory are made.</param>
/// <param name="Processes">Where groups that limit processes are made.</param>
internal sealed record ControlGroupPlaces(bool Unified, string Memory, string Processes)
{
    /// <summary>Finds them and tries each by making a group; null where there is no such place.</summary>
    public static ControlGroupPlaces? Find()
    {
        try
        {
            var own = File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3)).Where(f => f.Length == 3).ToList();
            var mounts = File.ReadLines("/proc/self/mountinfo").Select(l => l.Split(' ')).ToList();
            return FindVersion2(own, mounts) ?? FindVersion1(own, mounts);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static ControlGroupPlaces? FindVersion1(List<string[]> own, List<string[]> mounts)
    {
        var memory = Find("memory", "memory.limit_in_bytes");
        var processes = memory is null ? null : Find("pids", "pids.max");
        return processes is null ? null : new(false, memory!, processes);

        string? Find(string controller, string file) =>
            own.Find(f => f[1].Split(',').Contains(controller)) is { } fields && mounts.Find(f => f[^3] == "cgroup" && f[^1].Split(',').Contains(controller)) is { } mount
                ? Try(Locate(mount, fields[2]), file)
                : null;
    }

    private static ControlGroupPlaces? FindVersion2(List<string[]> own, List<string[]> mounts)
    {
        if (own.Find(f => f[0] == "0") is not { } fields || mounts.Find(f => f[^3] == "cgroup2") is not { } mount || Locate(mount, fields[2]) is not { } folder)
            return null;

        // A group that holds processes cannot hand limits to groups below it (but for the root), so the folder beside this process's own comes second.
        var place = Try(folder, "memory.max", "pids.max") ?? Try(Path.GetDirectoryName(folder), "memory.max", "pids.max");
        return place is null ? null : new(true, place, place);
    }

    /// <summary>The folder of a group: its path starts at the hierarchy's root, of which a container may have mounted only a part.</summary>
    private static string? Locate(string[] mount, string path)
    {
        var (root, point) = (mount[3], mount[4]);
        var below = root == "/" ? path : path == root || path.StartsWith($"{root}/", StringComparison.Ordinal) ? path[root.Length..] : "/";
        var folder = Path.TrimEndingDirectorySeparator($"{point}/{below.TrimStart('/')}");
        return Directory.Exists(folder) ? folder : null;
    }

    /// <summary>The folder, if a group made there has the files of the limits.</summary>
    private static string? Try(string? folder, params string[] files)
    {
        if (folder is null || !folder.StartsWith("/sys/fs/cgroup", StringComparison.Ordinal))
            return null;
        var probe = Path.Combine(folder, $"capvec-box-{Environment.ProcessId}-probe");
        try
        {
            Directory.CreateDirectory(probe);
            var complete = Array.TrueForAll(files, f => File.Exists(Path.Combine(probe, f)));
            Directory.Delete(probe);
            if (!complete)
                return null;
            ControlGroup.RemoveLeftOvers(folder);
            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
