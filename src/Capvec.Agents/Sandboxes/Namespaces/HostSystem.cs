using System.Globalization;
using Capvec.Formats.Errors;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>What the host gives to every box: its programs, to set boxes up, and its system folders, which boxes see read-only.</summary>
internal sealed record HostSystem
{
    /// <summary>The tools of the set-up: name as the keeper's script knows it, program, Debian package.</summary>
    private static readonly (string Variable, string Program, string Package)[] Needed =
    [
        ("BASH", "bash", "bash"),
        ("SETSID", "setsid", "util-linux"),
        ("ENV", "env", "coreutils"),
        ("SETPRIV", "setpriv", "util-linux"),
        ("UNSHARE", "unshare", "util-linux"),
        ("MOUNT", "mount", "mount"),
        ("UMOUNT", "umount", "mount"),
        ("PIVOT_ROOT", "pivot_root", "util-linux"),
        ("HOSTNAME", "hostname", "hostname"),
        ("MKDIR", "mkdir", "coreutils"),
        ("HEAD", "head", "coreutils"),
        ("TAR", "tar", "tar"),
    ];

    /// <summary>Programs are at the same place inside a box, so only these folders count, whatever PATH says.</summary>
    private static readonly string[] ProgramFolders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin"];

    private static readonly string[] SystemFolders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

    /// <summary>Folders that a new root can be put together in: there on most systems, needed by none of the tools, not writable by users.</summary>
    private static readonly string[] RootPlaces = ["/mnt", "/srv", "/media", "/opt", "/boot", "/sys"];

    /// <summary>Tool paths by the names of the keeper's script.</summary>
    public required IReadOnlyDictionary<string, string> Tools { get; init; }

    /// <summary>Folders that boxes see, parents before what is mounted below them; as written in fstab.</summary>
    public required IReadOnlyList<string> Folders { get; init; }

    /// <summary>The folder over which a new root is mounted, in the box's own view only.</summary>
    public required string RootPlace { get; init; }

    /// <summary>
    /// Whether programs started from here begin with a signal ignored (SIGHUP under nohup, SIGPIPE below many a service): bash would pass that on
    /// to every command and cannot undo it.
    /// </summary>
    public bool IgnoresSignals { get; init; }

    /// <summary>The system's name and version.</summary>
    public required string Name { get; init; }

    /// <summary>Finds everything.</summary>
    /// <exception cref="CapvecException">The host is not Linux, or a tool is missing.</exception>
    public static HostSystem Discover()
    {
        if (!OperatingSystem.IsLinux())
            throw new CapvecException("the namespace sandbox needs Linux. Run Capvec on a Linux machine.");
        var tools = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (variable, program, package) in Needed)
        {
            tools[variable] = ProgramFolders.Select(f => $"{f}/{program}").FirstOrDefault(File.Exists)
                ?? throw new CapvecException($"the namespace sandbox needs the program {program}, which is not in {string.Join(", ", ProgramFolders)}. Install it (Debian: apt install {package}).");
        }

        var folders = SystemFolders.Where(Directory.Exists).ToList();
        return new()
        {
            Tools = tools,
            Folders = [.. folders, .. MountsBelow(folders), .. Directory.Exists("/etc/alternatives") ? ["/etc/alternatives"] : Array.Empty<string>()],
            RootPlace = RootPlaces.FirstOrDefault(Directory.Exists)
                ?? throw new CapvecException($"the namespace sandbox needs one of the folders {string.Join(", ", RootPlaces)} to put a root together in, and none is there. Create an empty /mnt."),
            Name = ReadName(),
        };
    }

    /// <summary>File systems mounted below the system folders; binding a folder read-only does not reach these, so each is bound itself.</summary>
    private static IEnumerable<string> MountsBelow(List<string> folders) => File.ReadLines("/proc/self/mountinfo")
        .Select(line => line.Split(' '))
        .Where(fields => fields.Length > 4 && folders.Exists(f => fields[4].StartsWith($"{f}/", StringComparison.Ordinal)))
        .Select(fields => fields[4])
        .Distinct()
        .Order(StringComparer.Ordinal);

    private static string ReadName()
    {
        try
        {
            var line = File.ReadLines("/etc/os-release").FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
            return line?["PRETTY_NAME=".Length..].Trim('"') ?? "Linux";
        }
        catch (IOException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"Linux {Environment.OSVersion.Version}");
        }
    }
}
