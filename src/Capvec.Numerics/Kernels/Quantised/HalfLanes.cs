using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Sixteen finite half-precision numbers to float32, exactly, as <see cref="Float16Panel"/> does.</summary>
internal static unsafe class HalfLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(ushort* from)
    {
        var bits = Vector512.WidenLower(Vector256.Load(from).ToVector512());
        return Float16Panel.Widen((bits << 16).AsInt32());
    }
}
