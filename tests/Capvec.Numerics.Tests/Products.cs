using Capvec.Numerics.Kernels;

namespace Capvec.Numerics.Tests;

/// <summary>Whole products, packed and multiplied in one call.</summary>
internal static unsafe class Products
{
    // Between the outputs of two tokens, and after the last: what a kernel must not touch.
    private const int Gap = 48;
    private const float Untouched = -7e30f;

    /// <summary><c>W x</c> of all tokens, [tokens, rows].</summary>
    public static float[] Multiply(KernelPath path, PackedMatrix w, float[] x, int tokens, Activations activations = Activations.Int16)
    {
        using var packed = new PackedRows();
        packed.Reshape(tokens, w.Columns, Gemm.FormFor(w.Format, activations));
        var stride = w.Rows + Gap;
        var y = new float[tokens * stride];
        Array.Fill(y, Untouched);
        fixed (float* from = x, to = y)
        {
            for (var tile = 0; tile < packed.Tiles; tile++)
                packed.PackTile(tile, from, w.Columns);
            Gemm.Panels(path, w, packed, to, stride, 0, w.Panels, activations);
        }

        for (var t = 0; t < tokens; t++)
            y.AsSpan((t * stride) + w.Rows, Gap).IndexOfAnyExcept(Untouched).ShouldBe(-1, "a kernel wrote beyond its row");
        return [.. Enumerable.Range(0, tokens).SelectMany(t => y.Skip(t * stride).Take(w.Rows))];
    }
}
