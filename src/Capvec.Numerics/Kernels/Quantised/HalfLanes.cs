using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Sixteen finite half-precision numbers to float32, exactly, by moving bits: the instruction for it is not to be had from .NET 10.</summary>
internal static unsafe class HalfLanes
{
    /// <summary>2^112: brings an exponent of half precision, read as float32's, to its value; subnormal numbers too.</summary>
    private const float Rebias = 5.192296858534828e33f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* from)
    {
        var bits = Vector512.WidenLower(Vector256.Load(from).ToVector512());
        var magnitude = ((bits & Vector512.Create(0x7FFFu)) << 13).AsSingle() * Rebias;
        return (magnitude.AsUInt32() | ((bits & Vector512.Create(0x8000u)) << 16)).AsSingle();
    }
}
