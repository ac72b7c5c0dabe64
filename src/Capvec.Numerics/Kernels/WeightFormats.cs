namespace Capvec.Numerics.Kernels;

/// <summary>Facts about each <see cref="WeightFormat"/>.</summary>
public static class WeightFormats
{
    /// <summary>Whether weights are integers in blocks with scales, multiplied by integer activations in the fast kernels.</summary>
    public static bool IsQuantised(this WeightFormat format) => format >= WeightFormat.Block12;

    /// <summary>A row's columns must be a multiple of this.</summary>
    public static int ColumnMultiple(this WeightFormat format) => format switch
    {
        WeightFormat.Float32 or WeightFormat.BFloat16 or WeightFormat.Float16 => 1,
        WeightFormat.Q4_K or WeightFormat.Q6_K => 256,
        _ => 32,
    };

    /// <summary>Bytes of one row of a file in a GGUF format.</summary>
    public static int FileRowBytes(this WeightFormat format, int columns) => format switch
    {
        WeightFormat.Q8_0 => columns / 32 * 34,
        WeightFormat.Q4_0 => columns / 32 * 18,
        WeightFormat.Q4_K => columns / 256 * 144,
        WeightFormat.Q6_K => columns / 256 * 210,
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "not a block format of GGUF"),
    };

    /// <summary>Bytes of a packed matrix; its last panel is padded to 32 rows.</summary>
    public static long MatrixBytes(this WeightFormat format, int rows, int columns) => (rows + PackedMatrix.PanelRows - 1L) / PackedMatrix.PanelRows * format.PanelBytes(columns);

    /// <summary>Bytes of one panel of 32 rows, columns a multiple of <see cref="ColumnMultiple"/>.</summary>
    public static long PanelBytes(this WeightFormat format, int columns) => format switch
    {
        WeightFormat.Float32 => (long)columns * 128,
        WeightFormat.BFloat16 or WeightFormat.Float16 => (long)columns * 64,
        _ => ((long)(columns / Quantised.PanelLayout.ChunkColumns) * Quantised.PanelLayout.ChunkBytes(format, Quantised.PanelLayout.ChunkColumns))
            + Quantised.PanelLayout.ChunkBytes(format, columns % Quantised.PanelLayout.ChunkColumns),
    };
}
