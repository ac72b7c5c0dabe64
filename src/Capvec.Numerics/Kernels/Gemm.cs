namespace Capvec.Numerics.Kernels;

/// <summary>
/// <c>Y[t, r] = sum_k W[r, k] X[t, k]</c>: panels of weights outside (each read from memory once), tiles of tokens inside.
/// </summary>
/// <remarks>
/// Every output is one chain of multiply-adds over k = 0, 1, ... starting from 0, whatever the tile size, the panel, the worker or the
/// other rows. That is what makes batches, chunks and single rows equal bit for bit.
/// </remarks>
public static unsafe class Gemm
{
    /// <summary>The definition, in plain loops: the oracle of the tests. Fused where <paramref name="fused"/>.</summary>
    public static void Reference(PackedMatrix w, ReadOnlySpan<float> x, Span<float> y, bool fused)
    {
        var row = new float[w.Columns];
        var tokens = x.Length / w.Columns;
        for (var r = 0; r < w.Rows; r++)
        {
            w.GetRow(r, row);
            for (var t = 0; t < tokens; t++)
            {
                var sum = 0f;
                for (var k = 0; k < w.Columns; k++)
                    sum = fused ? MathF.FusedMultiplyAdd(row[k], x[(t * w.Columns) + k], sum) : sum + (row[k] * x[(t * w.Columns) + k]);
                y[(t * w.Rows) + r] = sum;
            }
        }
    }

    /// <summary>Computes the panels <c>[firstPanel, endPanel)</c> for all rows of <paramref name="x"/>.</summary>
    /// <param name="path">The kernels to use.</param>
    /// <param name="w">[rows, columns].</param>
    /// <param name="x">[tokens, columns], packed.</param>
    /// <param name="y">[tokens, stride] row-major; columns 0..rows-1 of each row are written.</param>
    /// <param name="stride">Elements from one output row to the next.</param>
    /// <param name="firstPanel">First panel of this worker's share.</param>
    /// <param name="endPanel">First panel after it.</param>
    public static void Panels(KernelPath path, PackedMatrix w, PackedRows x, float* y, long stride, int firstPanel, int endPanel)
    {
        var spill = stackalloc float[PackedMatrix.PanelRows * PackedRows.MaxTile];
        for (var p = firstPanel; p < endPanel; p++)
        {
            var panel = w.Panel(p);
            var column = p * PackedMatrix.PanelRows;
            var valid = Math.Min(PackedMatrix.PanelRows, w.Rows - column);
            for (var tile = 0; tile < x.Tiles; tile++)
            {
                var (start, size) = x.Tile(tile);
                var to = y + (start * stride) + column;
                if (valid == PackedMatrix.PanelRows)
                {
                    Tile(path, w.Format, panel, x.At(start), w.Columns, size, to, stride);
                    continue;
                }

                // The padded rows of the last panel must not run over the next output row.
                Tile(path, w.Format, panel, x.At(start), w.Columns, size, spill, PackedMatrix.PanelRows);
                for (var t = 0; t < size; t++)
                    new ReadOnlySpan<float>(spill + (t * PackedMatrix.PanelRows), valid).CopyTo(new Span<float>(to + (t * stride), valid));
            }
        }
    }

    private static void Tile(KernelPath path, WeightFormat format, uint* w, float* x, int k, int tokens, float* y, long stride)
    {
        switch (path)
        {
            case KernelPath.Avx512:
                if (format == WeightFormat.BFloat16)
                    GemmAvx512.Tile<BFloat16Panel>(w, x, k, tokens, y, stride);
                else
                    GemmAvx512.Tile<Float32Panel>(w, x, k, tokens, y, stride);
                break;
            case KernelPath.Avx2:
                if (format == WeightFormat.BFloat16)
                    GemmAvx2.Tile<BFloat16Panel>(w, x, k, tokens, y, stride);
                else
                    GemmAvx2.Tile<Float32Panel>(w, x, k, tokens, y, stride);
                break;
            default:
                if (format == WeightFormat.BFloat16)
                    GemmPortable.Tile<BFloat16Panel>(w, x, k, tokens, y, stride);
                else
                    GemmPortable.Tile<Float32Panel>(w, x, k, tokens, y, stride);
                break;
        }
    }
}
