using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels;

/// <summary>Reads weights of one column from a panel (see <see cref="PackedMatrix"/>). Static, so that kernels are compiled once a format.</summary>
internal unsafe interface IPanelFormat
{
    /// <summary>32-bit words of a column.</summary>
    static abstract int ColumnWords { get; }

    /// <summary>Rows 0..15 and 16..31 of a column.</summary>
    static abstract void Load(uint* column, out Vector512<float> low, out Vector512<float> high);

    /// <summary>Rows 8 part .. 8 part + 7 and the same plus 16; part is 0 or 1.</summary>
    static abstract void Load(uint* column, int part, out Vector256<float> low, out Vector256<float> high);

    /// <summary>Rows 4 part .. 4 part + 3 and the same plus 16; part is 0 to 3.</summary>
    static abstract void Load(uint* column, int part, out Vector128<float> low, out Vector128<float> high);
}
