using System.Globalization;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// The file systems of a box. Its root, /etc and all that a task writes are one tmpfs, whose size is the box's storage. The host's system
/// folders are bound read-only. What a verifier relies on (/usr, /bin, /lib…, /etc, /dev, /proc, /tests, /logs) are mounts, and a mount cannot be renamed, removed
/// or replaced by a link.
/// </summary>
internal static class BoxLayout
{
    /// <summary>The name of every box's machine.</summary>
    public const string HostName = "box";

    /// <summary>Where a verifier leaves its reward.</summary>
    public const string VerifierLogs = "/logs/verifier";

    /// <summary>
    /// Modification time of all that a box is filled with, so that a listing depends on the task alone and not on when it was checked out. It is far
    /// enough back that "ls -l" shows its year, whatever day it is; without /etc/localtime the box's time zone is UTC, whatever the host's is.
    /// </summary>
    public static readonly DateTimeOffset FileTime = new(2025, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Capabilities of commands: what root needs inside a box. Absent are, among others, sys_admin, sys_ptrace, net_admin, mknod, sys_chroot.</summary>
    private const string Capabilities = "+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service";

    private static readonly string[] Devices = ["null", "zero", "full", "random", "urandom", "tty"];

    /// <summary>Folders whose content is the host's or the box's own workings, where COPY has no business.</summary>
    public static IReadOnlyList<string> Reserved { get; } = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc/alternatives", "/proc", "/dev", "/sys", "/tests", "/logs"];

    /// <summary>The variables that tell the keeper's script what to do.</summary>
    /// <param name="host">The host's folders and tools.</param>
    /// <param name="options">Limits.</param>
    /// <param name="memoryMb">Address space of a process in MiB.</param>
    /// <param name="storageMb">Size of the file system in MiB.</param>
    public static IEnumerable<KeyValuePair<string, string>> Describe(HostSystem host, NamespaceSandboxOptions options, long memoryMb, long storageMb)
    {
        foreach (var (tool, path) in host.Tools)
            yield return new($"BOX_{tool}", path);
        var root = host.RootPlace;
        var inodes = Math.Clamp(storageMb * 256, 4096, 262_144);
        var cache = File.Exists("/etc/ld.so.cache");
        yield return new("BOX_ROOT", root);
        yield return new("BOX_ROOT_OPTIONS", Text($"size={storageMb}m,nr_inodes={inodes},mode=755,nosuid,nodev"));
        yield return new("BOX_FOLDERS", string.Join(' ', ["etc", "dev/pts", "dev/shm", "proc", "logs", "tests", .. host.Folders.Where(f => !Below(host.Folders, f)).Select(f => f[1..])]));
        yield return new("BOX_FILES", string.Join(' ', [.. Devices.Select(d => $"dev/{d}"), "etc/ld.so.preload", .. cache ? ["etc/ld.so.cache"] : Array.Empty<string>()]));
        yield return new("BOX_MOUNTS", string.Join('\n', Mounts(host, root, cache, storageMb, inodes)));
        yield return new("BOX_VERIFIER_MOUNTS", Text($"results {VerifierLogs} tmpfs size={storageMb}m,nr_inodes={inodes},mode=755,nosuid,nodev 0 0\nchecks /tests tmpfs size={storageMb}m,nr_inodes={inodes},mode=755,nosuid,nodev 0 0"));
        yield return new("BOX_HOST_NAME", HostName);
        yield return new("BOX_LIMITS", Text($"-c 0 -u {options.MostProcesses} -n {options.MostOpenFiles} -v {memoryMb * 1024} -f {storageMb * 1024} -t {options.ProcessorSeconds}"));
        yield return new("BOX_DROP", $"--no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all,{Capabilities}");
    }

    private static IEnumerable<string> Mounts(HostSystem host, string root, bool cache, long storageMb, long inodes)
    {
        // A folder bound onto itself is a mount, and so stays where it is.
        yield return $"{root}/etc {root}/etc none bind,nosuid,nodev 0 0";
        yield return $"{root}/dev {root}/dev none bind,nosuid 0 0";
        foreach (var folder in host.Folders)
            yield return $"{folder} {root}{folder} none rbind,ro,nosuid,nodev 0 0";
        yield return $"proc {root}/proc proc nosuid,nodev,noexec 0 0";
        yield return Text($"shm {root}/dev/shm tmpfs size={Math.Min(64, storageMb)}m,nr_inodes=4096,mode=1777,nosuid,nodev 0 0");
        yield return $"pts {root}/dev/pts devpts newinstance,ptmxmode=0666,mode=620,nosuid,noexec 0 0";
        foreach (var device in Devices)
            yield return $"/dev/{device} {root}/dev/{device} none bind,nosuid,noexec 0 0";

        // Both decide which code is loaded into every program, the verifier's too.
        yield return $"{root}/etc/ld.so.preload {root}/etc/ld.so.preload none bind,ro,nosuid,nodev 0 0";
        if (cache)
            yield return $"/etc/ld.so.cache {root}/etc/ld.so.cache none bind,ro,nosuid,nodev 0 0";
        yield return Text($"logs {root}/logs tmpfs size={storageMb}m,nr_inodes={inodes},mode=755,nosuid,nodev 0 0");
        yield return $"agent {root}/logs/verifier tmpfs size=1m,nr_inodes=256,mode=755,nosuid,nodev,X-mount.mkdir 0 0";
        yield return $"none {root}/tests tmpfs size=64k,nr_inodes=16,mode=755,nosuid,nodev 0 0";
    }

    /// <summary>Whether a folder lies in another of the list, and so is there once that is bound.</summary>
    private static bool Below(IReadOnlyList<string> folders, string folder) => folders.Any(f => folder.StartsWith($"{f}/", StringComparison.Ordinal));

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
