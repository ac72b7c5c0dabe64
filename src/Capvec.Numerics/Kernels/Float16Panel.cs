using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>Finite half-precision weights, 16 words a column; widened exactly by moving bits, subnormal numbers too: the instruction for it is not to be had from .NET 10.</summary>
/// <remarks>
/// A half <c>s eeeee mmmmmmmmmm</c> in the upper 16 bits of a word, shifted right by 3 and freed of the copies of the sign, is a float32 with the same digits and an exponent that is 112 too low,
/// and so for subnormal numbers. A product with 2^112 sets that right without rounding. Infinity and NaN would become numbers beyond 65504: <see cref="PackedMatrix.IsFinite"/>.
/// </remarks>
internal readonly unsafe struct Float16Panel : IPanelFormat
{
    private const float Rebias = 5.192296858534828e33f;
    private const int Digits = unchecked((int)0x8FFFE000);

    public static int ColumnWords => 16;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, out Vector512<float> low, out Vector512<float> high)
    {
        var pairs = Vector512.Load((int*)column);
        (low, high) = (Widen(pairs << 16), Widen(pairs));
    }

    /// <summary>The halves in the upper 16 bits of words; what is below them falls away.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Widen(Vector512<int> words) => ((words >> 3) & Vector512.Create(Digits)).AsSingle() * Rebias;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector256<float> low, out Vector256<float> high)
    {
        var pairs = Vector256.Load((int*)column + (8 * part));
        low = (((pairs << 16) >> 3) & Vector256.Create(Digits)).AsSingle() * Rebias;
        high = ((pairs >> 3) & Vector256.Create(Digits)).AsSingle() * Rebias;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(uint* column, int part, out Vector128<float> low, out Vector128<float> high)
    {
        var pairs = Vector128.Load((int*)column + (4 * part));
        low = (((pairs << 16) >> 3) & Vector128.Create(Digits)).AsSingle() * Rebias;
        high = ((pairs >> 3) & Vector128.Create(Digits)).AsSingle() * Rebias;
    }
}
