namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Where the parts of a quantised panel (32 rows) stand. A panel is a run of chunks of 256 columns, the last one shorter in formats with blocks of 32.
/// </summary>
/// <remarks>
/// <code>
/// pair = columns 2i, 2i + 1 of 32 rows; lane of row r, parity c = 2 r + c: 64 lanes, so that one multiply-add of adjacent 16-bit lanes sums a row's pair
/// Q8_0     a block of 32: [32 scales f16] [16 pairs][64 lanes i8]                                                  34 bytes a row
/// Block12  a block of 32: [32 scales bf16][16 pairs][64 lanes i16]                                                 66
/// Q4_0     a block of 32: [32 scales f16] [4 quads][64 lanes u16], nibble j of a lane = pair 4 quad + j             18
/// Q4_K     a chunk: [32 d f16][32 dmin f16][8][32 scales u8][8][32 minima u8][32 quads][64 lanes u16]              148
/// Q6_K     a chunk: [32 d f16][16][32 scales i8], then 16 times [2 quads][64 lanes u16][64 lanes u16: 8 two-bit upper parts]   210
/// </code>
/// </remarks>
internal static class PanelLayout
{
    public const int Rows = PackedMatrix.PanelRows;

    /// <summary>Columns of a chunk: the unit that is unpacked at once, and over which 15-bit activations share a scale.</summary>
    public const int ChunkColumns = PackedRows.ChunkColumns;

    /// <summary>Bytes that a tile asks for ahead in one chunk: a cache line for each pair of columns and one for each block of 32; a whole chunk of q8_0.</summary>
    public const int PrefetchBytes = ((ChunkColumns / 2) + (ChunkColumns / BlockColumns)) * 64;

    /// <summary>Columns of a block, for formats that are written a block at a time.</summary>
    public const int BlockColumns = 32;

    /// <summary>Largest magnitude of a <see cref="WeightFormat.Block12"/> weight: with activations of 14 bits, 32 products stay below 2^31.</summary>
    public const int Block12Max = 4095;

    public const int Q4KScales = 128;

    public const int Q4KMinima = Q4KScales + (8 * Rows);

    public const int Q4KQuads = Q4KMinima + (8 * Rows);

    public const int Q6KScales = 64;

    public const int Q6KBlocks = Q6KScales + (16 * Rows);

    public const int Q6KBlockBytes = 3 * 128;

    /// <summary>Bytes of a block of 32 columns of q8_0.</summary>
    public const int Q80BlockBytes = 64 + (16 * 64);

    public static int BlockBytes(WeightFormat format) => format switch
    {
        WeightFormat.Q8_0 => Q80BlockBytes,
        WeightFormat.Block12 => 64 + (16 * 128),
        WeightFormat.Q4_0 => 64 + (4 * 128),
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };

    /// <summary>Bytes of a chunk with <paramref name="columns"/> columns (at most 256).</summary>
    public static int ChunkBytes(WeightFormat format, int columns) => columns == 0 ? 0 : format switch
    {
        WeightFormat.Q4_K => Q4KQuads + (32 * 128),
        WeightFormat.Q6_K => Q6KBlocks + (16 * Q6KBlockBytes),
        _ => columns / BlockColumns * BlockBytes(format),
    };
}
