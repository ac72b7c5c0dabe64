using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Pairs of an <see cref="UnpackedChunk"/>.</summary>
internal readonly unsafe struct UnpackedPairs : IWeightPairs
{
    public static int Bytes => 128;

    public static int Header => 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* pair, out Vector512<short> low, out Vector512<short> high) =>
        (low, high) = (Vector512.Load((short*)pair), Vector512.Load((short*)pair + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPass(byte* pair, out Vector256<short> low, out Vector256<short> high) =>
        (low, high) = (Vector256.Load((short*)pair), Vector256.Load((short*)pair + 16));
}
