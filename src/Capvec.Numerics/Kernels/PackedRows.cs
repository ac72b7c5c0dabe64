using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Capvec.Numerics.Kernels.Quantised;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels;

/// <summary>
/// Activation rows [count, columns] repacked into chunks of 256 columns, in them tiles of 6, 4, 2 or 1 tokens, each tile <c>[columns][tokens]</c>: the order in which the
/// kernels broadcast them. The tile that a row falls into does not change its bits: every output is one chain over the columns.
/// Packed once a layer input and read by all matrices that share it, as float32, as 15-bit or as 8-bit integers.
/// </summary>
public sealed unsafe class PackedRows : IDisposable
{
    /// <summary>Tokens of the largest tile.</summary>
    public const int MaxTile = 6;

    /// <summary>Columns that stand together: all tiles of a chunk before the next chunk, so that a pass over the rows reads memory in order.</summary>
    public const int ChunkColumns = 256;

    private readonly NativeBuffer<float> _data = new(0);
    private readonly IntegerRows _integers = new();
    private readonly ByteRows _bytes = new();
    private readonly List<(int Start, int Size)> _tiles = [];

    /// <summary>Rows packed.</summary>
    public int Count { get; private set; }

    /// <summary>Length of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Number of tiles.</summary>
    public int Tiles => _tiles.Count;

    /// <summary>The forms that are packed.</summary>
    public PackedForms Forms { get; private set; }

    internal IntegerRows Integers => _integers;

    internal ByteRows Bytes => _bytes;

    /// <summary>Sets the shape; the contents are then set tile by tile with <see cref="PackTile"/>.</summary>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Length of a row; a multiple of 32 for integers.</param>
    /// <param name="forms">What the matrices that will read them need, see <see cref="Gemm.FormFor"/>.</param>
    public void Reshape(int count, int columns, PackedForms forms = PackedForms.Float)
    {
        if (count != Count)
            Divide(count);
        (Count, Columns, Forms) = (count, columns, forms);
        if (forms.HasFlag(PackedForms.Float))
            _data.Resize((long)count * columns);
        if (forms.HasFlag(PackedForms.Integer))
            _integers.Reshape(count, columns);
        if (forms.HasFlag(PackedForms.Bytes))
            _bytes.Reshape(count, columns);
    }

    /// <summary>First row and number of rows of a tile.</summary>
    public (int Start, int Size) Tile(int index) => _tiles[index];

    /// <summary>The float32 part of a tile that begins at a row: the columns of one chunk, <c>[columns][tokens]</c>.</summary>
    public float* At(int startRow, int chunk) => _data.Pointer + ((long)chunk * ChunkColumns * Count) + ((long)startRow * Math.Min(ChunkColumns, Columns - (chunk * ChunkColumns)));

    /// <summary>Packs the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int index, float* source, long stride)
    {
        var (start, size) = Tile(index);
        if (Forms.HasFlag(PackedForms.Integer))
            _integers.PackTile(start, size, source, stride);
        if (Forms.HasFlag(PackedForms.Bytes))
            _bytes.PackTile(start, size, source, stride);
        if (!Forms.HasFlag(PackedForms.Float))
            return;
        for (var column = 0; column < Columns; column += ChunkColumns)
        {
            var to = At(start, column / ChunkColumns);
            var columns = Math.Min(ChunkColumns, Columns - column);
            var from = source + (start * stride) + column;
            var t = 0;
            for (; t + 4 <= size; t += 4)
                Four(from + (t * stride), stride, columns, size, to + t);
            for (; t + 2 <= size; t += 2)
                Two(from + (t * stride), stride, columns, size, to + t);
            for (var k = 0; t < size && k < columns; k++)
                to[(k * size) + t] = from[(t * stride) + k];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _data.Dispose();
        _integers.Dispose();
        _bytes.Dispose();
    }

    // Four rows become columns: 4 x 4 numbers at a time.
    private static void Four(float* from, long stride, int columns, int size, float* to)
    {
        var k = 0;
        for (; Sse.IsSupported && k + 4 <= columns; k += 4, to += 4 * size)
        {
            var (a, b, c, d) = (Vector128.Load(from + k), Vector128.Load(from + stride + k), Vector128.Load(from + (2 * stride) + k), Vector128.Load(from + (3 * stride) + k));
            var (ab, cd) = (Sse.UnpackLow(a, b), Sse.UnpackLow(c, d));
            Vector128.Store(Sse.MoveLowToHigh(ab, cd), to);
            Vector128.Store(Sse.MoveHighToLow(cd, ab), to + size);
            (ab, cd) = (Sse.UnpackHigh(a, b), Sse.UnpackHigh(c, d));
            Vector128.Store(Sse.MoveLowToHigh(ab, cd), to + (2 * size));
            Vector128.Store(Sse.MoveHighToLow(cd, ab), to + (3 * size));
        }

        for (; k < columns; k++, to += size)
        {
            for (var t = 0; t < 4; t++)
                to[t] = from[(t * stride) + k];
        }
    }

    private static void Two(float* from, long stride, int columns, int size, float* to)
    {
        var k = 0;
        for (; Sse.IsSupported && k + 4 <= columns; k += 4, to += 4 * size)
        {
            var (a, b) = (Vector128.Load(from + k), Vector128.Load(from + stride + k));
            var (low, high) = (Sse.UnpackLow(a, b), Sse.UnpackHigh(a, b));
            Sse.StoreLow(to, low);
            Sse.StoreHigh(to + size, low);
            Sse.StoreLow(to + (2 * size), high);
            Sse.StoreHigh(to + (3 * size), high);
        }

        for (; k < columns; k++, to += size)
            (to[0], to[1]) = (from[k], from[stride + k]);
    }

    // Eight rows are 4 + 4, not 6 + 2: small tiles spend more on reading weights. The last tile of six gives way.
    private void Divide(int count)
    {
        _tiles.Clear();
        for (var start = 0; start < count; start += _tiles[^1].Size)
        {
            var rest = count - start;
            var size = rest >= MaxTile && rest != 8 ? MaxTile : rest >= 4 ? 4 : rest >= 2 ? 2 : 1;
            _tiles.Add((start, size));
        }
    }
}
