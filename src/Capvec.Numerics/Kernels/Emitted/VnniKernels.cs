using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>The emitted tiles; each is made when it is first called.</summary>
internal static unsafe class VnniKernels
{
    private const int Sizes = 7;
    private static readonly int s_lines = Lookahead.MaxLines + 1;

    // [sources][keep][lines][tokens]
    private static readonly delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[] s_words = new delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[Enum.GetValues<WordSource>().Length * 2 * s_lines * Sizes];

    // [sources][keep][lines][tokens]
    private static readonly delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[] s_bytes = new delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[Enum.GetValues<ByteSource>().Length * 2 * s_lines * Sizes];

    /// <summary>Whether the processor has AVX512-VNNI and AVX512-VBMI (which unpacks bytes) and the system lets us add code.</summary>
    public static bool IsSupported { get; } = Avx512Vbmi.IsSupported && HasVnni() && ExecutableCode.IsPossible;

    /// <summary>One tile over one chunk with 15-bit activations; see <see cref="WordTile"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Words(ref TileCall call, int tokens, WordSource source, bool keep, int lines)
    {
        var index = ((((((int)source * 2) + (keep ? 1 : 0)) * s_lines) + lines) * Sizes) + tokens;
        var tile = s_words[index];
        if (tile == null)
            tile = s_words[index] = Make(new WordTile(tokens, source, keep, lines));
        tile((TileCall*)Unsafe.AsPointer(ref call));
    }

    /// <summary>One tile over one chunk with 8-bit activations; see <see cref="ByteTile"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(ref TileCall call, int tokens, ByteSource source, bool keep, int lines)
    {
        var index = ((((((int)source * 2) + (keep ? 1 : 0)) * s_lines) + lines) * Sizes) + tokens;
        var tile = s_bytes[index];
        if (tile == null)
            tile = s_bytes[index] = Make(new ByteTile(tokens, source, keep, lines));
        tile((TileCall*)Unsafe.AsPointer(ref call));
    }

    // Two threads may make the same one: one of the copies is then never called again.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static delegate* unmanaged[SuppressGCTransition]<TileCall*, void> Make(EmittedTile tile) =>
        !IsSupported ? throw new PlatformNotSupportedException($"{KernelPath.Vnni} kernels need AVX512-VNNI and AVX512-VBMI on x86-64 Linux, and a system that lets code be added")
        : ExecutableCode.TryMap(tile.Emit(), out var start) ? (delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)start
        : throw new InvalidOperationException("the system allowed new code once and refuses it now");

    // Leaf 7: bit 11 of ecx is AVX512_VNNI. That the system keeps 512-bit registers is known from the other extensions.
    private static bool HasVnni() => X86Base.X64.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
