using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Pairs of a q8_0 panel as they lie in memory: widened as they are read, which few tokens pay for sooner than for a copy in 16 bits.</summary>
internal readonly unsafe struct BytePairs : IWeightPairs
{
    public static int Bytes => 64;

    public static int Header => 64;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* pair, out Vector512<short> low, out Vector512<short> high) =>
        (low, high) = (Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)pair)), Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)pair + 32)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void LoadPass(byte* pair, out Vector256<short> low, out Vector256<short> high) =>
        (low, high) = (Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)pair)), Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)pair + 16)));
}
