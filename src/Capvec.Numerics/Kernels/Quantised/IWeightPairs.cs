using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>How an integer tile reads a pair of columns of 32 rows as 64 lanes of 16 bits.</summary>
internal unsafe interface IWeightPairs
{
    /// <summary>Bytes of a pair.</summary>
    static abstract int Bytes { get; }

    /// <summary>Bytes before the pairs of a block.</summary>
    static abstract int Header { get; }

    /// <summary>The lanes of rows 0 to 15 and of rows 16 to 31.</summary>
    static abstract void Load(byte* pair, out Vector512<short> low, out Vector512<short> high);

    /// <summary>The lanes of the 8 rows from where the pointer stands, and of the 8 after them: a pass over 16 rows begins at the pair or at its middle.</summary>
    static abstract void LoadPass(byte* pair, out Vector256<short> low, out Vector256<short> high);
}
