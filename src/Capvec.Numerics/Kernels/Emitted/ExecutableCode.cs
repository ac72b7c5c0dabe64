using System.Runtime.InteropServices;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>Makes machine code callable. Pages are writable first and executable afterwards, never both.</summary>
internal static unsafe partial class ExecutableCode
{
    private const int Read = 1;
    private const int Write = 2;
    private const int Execute = 4;
    private const int PrivateAnonymous = 0x22; // MAP_PRIVATE | MAP_ANONYMOUS

    /// <summary>Where such code can run at all: the calling convention that is used is that of 64-bit Linux.</summary>
    public static bool IsPossible { get; } = OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64 && TryMap([0xC3], out _);

    /// <summary>Copies code, which must not depend on its address, to pages of its own, for as long as the process lives.</summary>
    /// <returns>False where the system allows no new code (a hardened kernel, for instance).</returns>
    public static bool TryMap(ReadOnlySpan<byte> code, out void* start)
    {
        start = Map(null, (nuint)code.Length, Read | Write, PrivateAnonymous, -1, 0);
        if ((nint)start == -1)
            return false;
        code.CopyTo(new Span<byte>(start, code.Length));
        if (Protect(start, (nuint)code.Length, Read | Execute) == 0)
            return true;
        _ = Unmap(start, (nuint)code.Length);
        return false;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* Map(void* wanted, nuint bytes, int access, int kind, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(void* start, nuint bytes, int access);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(void* start, nuint bytes);
}
