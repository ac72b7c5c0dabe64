using System.Globalization;

namespace Capvec.Agents.Sandboxes.Namespaces;

/// <summary>
/// Who a box's root is on the host. Started by real root, each box gets a user number that nobody has, so that nothing in a box is root on
/// the host, and limits and signals do not cross between boxes; started by anyone else, it is that user.
/// </summary>
internal static class BoxUser
{
    /// <summary>Between the ranges of containers and of foreign images (https://systemd.io/UIDS-GIDS): allotted to nobody.</summary>
    private const uint First = 1_880_000_000;

    private const int Processes = 32_768;
    private const int BoxesAtOnce = 4096;

    private static int _last;

    /// <summary>A number for the next box, or null where this process is not root of the whole number range.</summary>
    public static uint? Next() => Environment.IsPrivilegedProcess && HasRange("/proc/self/uid_map") && HasRange("/proc/self/gid_map")
        ? First + ((uint)(Environment.ProcessId % Processes) * BoxesAtOnce) + ((uint)Interlocked.Increment(ref _last) % BoxesAtOnce)
        : null;

    /// <summary>Whether all numbers exist here: not so for the "root" of another user namespace, such as a rootless container's.</summary>
    private static bool HasRange(string map) => File.ReadLines(map)
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        .Any(fields => uint.Parse(fields[0], CultureInfo.InvariantCulture) <= First
            && (ulong)uint.Parse(fields[0], CultureInfo.InvariantCulture) + uint.Parse(fields[2], CultureInfo.InvariantCulture) > First + ((ulong)Processes * BoxesAtOnce));
}
