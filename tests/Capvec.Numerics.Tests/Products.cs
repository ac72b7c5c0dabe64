using Capvec.Numerics.Kernels;

namespace Capvec.Numerics.Tests;

/// <summary>Whole products, packed and multiplied in one call.</summary>
internal static unsafe class Products
{
    /// <summary><c>W x</c> of all tokens, [tokens, rows].</summary>
    public static float[] Multiply(KernelPath path, PackedMatrix w, float[] x, int tokens, Activations activations = Activations.Int16)
    {
        using var packed = new PackedRows();
        packed.Reshape(tokens, w.Columns, Gemm.FormFor(w.Format, activations));
        var y = new float[tokens * w.Rows];
        fixed (float* from = x, to = y)
        {
            for (var tile = 0; tile < packed.Tiles; tile++)
                packed.PackTile(tile, from, w.Columns);
            Gemm.Panels(path, w, packed, to, w.Rows, 0, w.Panels, activations);
        }

        return y;
    }
}
