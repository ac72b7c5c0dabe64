using System.Runtime.CompilerServices;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// Where the sums of a group of panels stand: between chunks of columns side by side, <c>[panels][rows][32]</c>, since at the output's stride, often a multiple of 4 KiB, they
/// would evict one another; after the last chunk in the outputs, for panels all of whose rows exist.
/// </summary>
/// <param name="sums">[panels][rows][32] between chunks.</param>
/// <param name="rows">Tokens.</param>
/// <param name="y">The first output of the group, [rows, stride].</param>
/// <param name="stride">Elements from one output row to the next.</param>
/// <param name="whole">Panels of the group that have 32 rows.</param>
internal readonly unsafe struct PanelSums(float* sums, int rows, float* y, long stride, int whole)
{
    /// <summary>The sums so far of a panel's rows from <paramref name="row"/> on, 32 apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* At(int panel, int row) => sums + ((((long)panel * rows) + row) * PackedMatrix.PanelRows);

    /// <summary>Where a chunk leaves its sums.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Next(int panel, int row, bool isLast, out long apart)
    {
        var ends = isLast && panel < whole;
        apart = ends ? stride : PackedMatrix.PanelRows;
        return ends ? y + (row * stride) + (panel * PackedMatrix.PanelRows) : At(panel, row);
    }

    /// <summary>Copies the outputs of the panel after the whole ones.</summary>
    /// <param name="valid">How many of its rows exist.</param>
    public void CopyRest(int valid)
    {
        var from = At(whole, 0);
        var to = y + (whole * PackedMatrix.PanelRows);
        for (var t = 0; t < rows; t++)
            new ReadOnlySpan<float>(from + (t * PackedMatrix.PanelRows), valid).CopyTo(new Span<float>(to + (t * stride), valid));
    }
}
