using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// Activation rows [count, columns] repacked into tiles of 6, 4, 2 or 1 tokens, each tile <c>[columns][tokens]</c>: the order in which the
/// kernels broadcast them. The tile that a row falls into does not change its bits: every output is one chain over the columns.
/// </summary>
public sealed unsafe class PackedRows : IDisposable
{
    /// <summary>Tokens of the largest tile.</summary>
    public const int MaxTile = 6;

    private readonly NativeBuffer<float> _data = new(0);

    /// <summary>Rows packed.</summary>
    public int Count { get; private set; }

    /// <summary>Length of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Number of tiles.</summary>
    public int Tiles { get; private set; }

    /// <summary>Sets the shape; the contents are then set tile by tile with <see cref="PackTile"/>.</summary>
    public void Reshape(int count, int columns)
    {
        (Count, Columns) = (count, columns);
        Tiles = TileIndex(count);
        _data.Resize((long)count * columns);
    }

    /// <summary>First row and number of rows of a tile.</summary>
    public (int Start, int Size) Tile(int index)
    {
        var full = Count / MaxTile;
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

    /// <summary>Start of a tile that begins at a row.</summary>
    public float* At(int startRow) => _data.Pointer + ((long)startRow * Columns);

    /// <summary>Packs the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int index, float* source, long stride)
    {
        var (start, size) = Tile(index);
        var to = At(start);
        for (var t = 0; t < size; t++)
        {
            var from = source + ((start + t) * stride);
            for (var k = 0; k < Columns; k++)
                to[((long)k * size) + t] = from[k];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _data.Dispose();

    private static int TileIndex(int count)
    {
        var rest = count % MaxTile;
        return (count / MaxTile) + (rest / 4) + (rest % 4 / 2) + (rest % 2);
    }
}
