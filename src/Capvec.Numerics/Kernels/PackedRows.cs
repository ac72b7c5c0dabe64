using Capvec.Numerics.Kernels.Quantised;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// Activation rows [count, columns] repacked into chunks of 256 columns, in them tiles of 6, 4, 2 or 1 tokens, each tile <c>[columns][tokens]</c>: the order in which the
/// kernels broadcast them. The tile that a row falls into does not change its bits: every output is one chain over the columns.
/// Packed once a layer input and read by all matrices that share it, as float32, as integers, or both.
/// </summary>
public sealed unsafe class PackedRows : IDisposable
{
    /// <summary>Tokens of the largest tile.</summary>
    public const int MaxTile = 6;

    /// <summary>Columns that stand together: all tiles of a chunk before the next chunk, so that a pass over the rows reads memory in order.</summary>
    public const int ChunkColumns = 256;

    private readonly NativeBuffer<float> _data = new(0);
    private readonly IntegerRows _integers = new();

    /// <summary>Rows packed.</summary>
    public int Count { get; private set; }

    /// <summary>Length of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Number of tiles.</summary>
    public int Tiles { get; private set; }

    /// <summary>The forms that are packed.</summary>
    public PackedForms Forms { get; private set; }

    internal IntegerRows Integers => _integers;

    /// <summary>Sets the shape; the contents are then set tile by tile with <see cref="PackTile"/>.</summary>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Length of a row; a multiple of 32 for integers.</param>
    /// <param name="forms">What the matrices that will read them need, see <see cref="Gemm.FormFor"/>.</param>
    public void Reshape(int count, int columns, PackedForms forms = PackedForms.Float)
    {
        (Count, Columns, Forms) = (count, columns, forms);
        Tiles = TilesOf(count);
        if (forms.HasFlag(PackedForms.Float))
            _data.Resize((long)count * columns);
        if (forms.HasFlag(PackedForms.Integer))
            _integers.Reshape(count, columns);
    }

    /// <summary>First row and number of rows of a tile.</summary>
    public (int Start, int Size) Tile(int index)
    {
        var full = FullTiles(Count);
        if (index < full)
            return (index * MaxTile, MaxTile);
        var start = full * MaxTile;
        var rest = Count - start;
        for (var i = full; ; i++)
        {
            var size = rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
            if (i == index)
                return (start, size);
            start += size;
            rest -= size;
        }
    }

    /// <summary>The float32 part of a tile that begins at a row: the columns of one chunk, <c>[columns][tokens]</c>.</summary>
    public float* At(int startRow, int chunk) => _data.Pointer + ((long)chunk * ChunkColumns * Count) + ((long)startRow * Math.Min(ChunkColumns, Columns - (chunk * ChunkColumns)));

    /// <summary>Packs the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int index, float* source, long stride)
    {
        var (start, size) = Tile(index);
        if (Forms.HasFlag(PackedForms.Integer))
            _integers.PackTile(start, size, source, stride);
        if (!Forms.HasFlag(PackedForms.Float))
            return;
        for (var column = 0; column < Columns; column += ChunkColumns)
        {
            var to = At(start, column / ChunkColumns);
            var columns = Math.Min(ChunkColumns, Columns - column);
            for (var t = 0; t < size; t++)
            {
                var from = source + ((start + t) * stride) + column;
                for (var k = 0; k < columns; k++)
                    to[(k * size) + t] = from[k];
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _integers.Dispose();
    }

    // Eight rows are 4 + 4, not 6 + 2: small tiles spend more on reading weights. The last tile of six gives way.
    private static int FullTiles(int count) => count % MaxTile == 2 && count > MaxTile ? (count / MaxTile) - 1 : count / MaxTile;

    private static int TilesOf(int count)
    {
        var full = FullTiles(count);
        var rest = count - (full * MaxTile);
        return full + (rest / 4) + (rest % 4 / 2) + (rest % 2);
    }
}
