using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Capvec.Numerics.Kernels.Quantised;

namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>The emitted tiles, made when one is first called.</summary>
internal static unsafe class VnniKernels
{
    private const int Sizes = 7;

    // [16 or 8 pairs a block, or bytes][tokens]
    private static readonly delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[] s_tiles = new delegate* unmanaged[SuppressGCTransition]<TileCall*, void>[3 * Sizes];

    /// <summary>Whether the processor has AVX512-VNNI and the system lets us add code.</summary>
    public static bool IsSupported { get; } = Avx512Vbmi.IsSupported && HasVnni() && ExecutableCode.IsPossible;

    /// <summary>One tile over one chunk; see <see cref="IntegerTileAvx512.Tile"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Tile(byte* bytes, UnpackedChunk w, int* x, float* sums, float* xScales, int tokens, float* from, float* y, long stride, bool first, byte* next)
    {
        var call = new TileCall
        {
            Weights = bytes != null ? bytes : (byte*)w.Values,
            Scales = w.Scales,
            Minima = w.HasMinima ? w.Minima : null,
            Blocks = w.Blocks,
            X = x,
            Sums = sums,
            XScales = xScales,
            From = from,
            Y = y,
            Stride = stride * sizeof(float),
            Next = next,
            First = first ? 1 : 0,
        };
        var index = ((bytes != null ? 2 : w.PairsPerBlock == 16 ? 1 : 0) * Sizes) + tokens;
        var tile = s_tiles[index];
        if (tile == null)
            tile = Make(index);
        tile(&call);
    }

    // Two threads may make the same one: one of the copies is then never called again.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static delegate* unmanaged[SuppressGCTransition]<TileCall*, void> Make(int index)
    {
        var kind = index / Sizes;
        if (!ExecutableCode.TryMap(VnniTile.Emit(index % Sizes, kind == 0 ? 8 : 16, kind == 2), out var start))
            throw new InvalidOperationException("the system allowed code once and refuses it now");
        return s_tiles[index] = (delegate* unmanaged[SuppressGCTransition]<TileCall*, void>)start;
    }

    // Leaf 7: bit 11 of ecx is AVX512_VNNI. That the system keeps 512-bit registers is known from the other extensions.
    private static bool HasVnni() => X86Base.X64.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;
}
