using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>float32 weights, 32 words a column.</summary>
internal readonly unsafe struct Float32Panel : IPanelFormat
{
    public static int ColumnWords => 32;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, out Vector512<float> low, out Vector512<float> high) =>
        (low, high) = (Vector512.Load((float*)column), Vector512.Load((float*)column + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector256<float> low, out Vector256<float> high) =>
        (low, high) = (Vector256.Load((float*)column + (8 * part)), Vector256.Load((float*)column + (8 * part) + 16));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector128<float> low, out Vector128<float> high) =>
        (low, high) = (Vector128.Load((float*)column + (4 * part)), Vector128.Load((float*)column + (4 * part) + 16));
}
