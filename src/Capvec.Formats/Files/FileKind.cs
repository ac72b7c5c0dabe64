using System.Runtime.InteropServices;
using System.Text;

namespace Capvec.Formats.Files;

/// <summary>
/// Tells files from what only looks like one. Opening a pipe waits until somebody writes into it, and some devices never end, so both are to be known before anything
/// is opened; .NET tells folders from files and no more.
/// </summary>
internal static unsafe partial class FileKind
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint TypeMask = 1; // STATX_TYPE
    private const int ModeOffset = 28; // of stx_mode in struct statx, the same on every architecture

    /// <summary>What stands at a path (behind symbolic links), in words; null for a file, and where nothing is there or nobody can tell.</summary>
    public static string? Other(string path)
    {
        if (Directory.Exists(path))
            return "a folder";
        if (!OperatingSystem.IsLinux() || path.Length == 0 || path.Contains('\0'))
            return null;
        var about = stackalloc byte[256];
        try
        {
            if (StatX(CurrentFolder, [.. Encoding.UTF8.GetBytes(path), 0], 0, TypeMask, about) != 0)
                return null;
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        return (*(ushort*)(about + ModeOffset) & 0xF000) switch
        {
            0x1000 => "a pipe",
            0x2000 or 0x6000 => "a device",
            0xC000 => "a socket",
            _ => null,
        };
    }

    [LibraryImport("libc", EntryPoint = "statx")]
    private static partial int StatX(int folder, ReadOnlySpan<byte> path, int flags, uint mask, byte* about);
}
