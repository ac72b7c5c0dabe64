using System.Runtime.InteropServices;

namespace Capvec.Numerics.Memory;

/// <summary>
/// Memory on pages of 2 MiB where Linux gives them on request: a model's weights then need hundreds of address translations and not hundreds of thousands, and a
/// snapshot of a state a dozen page faults and not thousands. Elsewhere the same memory on ordinary pages.
/// </summary>
internal static unsafe partial class HugePages
{
    /// <summary>Bytes of a page; smaller blocks have no use for one.</summary>
    public const nuint Size = 2 << 20;

    private const int Advice = 14; // MADV_HUGEPAGE

    /// <summary>Allocates at least <paramref name="bytes"/>, to be freed with <see cref="NativeMemory.AlignedFree"/>.</summary>
    public static void* Allocate(nuint bytes)
    {
        var block = NativeMemory.AlignedAlloc(bytes, Size);

        // Whole pages only: what follows them in the allocator's block is not ours to advise on. A refusal changes nothing but speed.
        if (OperatingSystem.IsLinux())
            _ = Advise(block, bytes / Size * Size, Advice);
        return block;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
