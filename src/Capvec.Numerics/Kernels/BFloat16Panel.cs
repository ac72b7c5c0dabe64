using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>bf16 weights, 16 words a column; a bf16 number becomes a float32 by putting it into the upper half.</summary>
internal readonly unsafe struct BFloat16Panel : IPanelFormat
{
    private const uint UpperHalf = 0xFFFF0000;

    public static int ColumnWords => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, out Vector512<float> low, out Vector512<float> high)
    {
        var pairs = Vector512.Load(column);
        (low, high) = ((pairs << 16).AsSingle(), (pairs & Vector512.Create(UpperHalf)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector256<float> low, out Vector256<float> high)
    {
        var pairs = Vector256.Load(column + (8 * part));
        (low, high) = ((pairs << 16).AsSingle(), (pairs & Vector256.Create(UpperHalf)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector128<float> low, out Vector128<float> high)
    {
        var pairs = Vector128.Load(column + (4 * part));
        (low, high) = ((pairs << 16).AsSingle(), (pairs & Vector128.Create(UpperHalf)).AsSingle());
    }
}
