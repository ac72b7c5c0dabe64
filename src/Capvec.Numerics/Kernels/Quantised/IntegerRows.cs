using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Activation rows as 15-bit integers (14 bits and a sign) with one scale for 256 columns: relative to a chunk's largest value an error of at most 1/32766.
/// Chunks and tiles as in <see cref="PackedRows"/>: <c>[column pairs][tokens]</c>, two 16-bit numbers a word.
/// </summary>
internal sealed unsafe class IntegerRows : IDisposable
{
    /// <summary>Largest magnitude of an activation.</summary>
    public const int Max = 16383;

    private readonly NativeBuffer<int> _pairs = new(0);
    private readonly NativeBuffer<float> _scales = new(0);
    private readonly NativeBuffer<float> _sums = new(0);
    private int _count;
    private int _columns;
    private int _chunks;
    private int _blocks;

    public void Reshape(int count, int columns)
    {
        (_count, _columns) = (count, columns);
        _chunks = (columns + PanelLayout.ChunkColumns - 1) / PanelLayout.ChunkColumns;
        _blocks = columns / PanelLayout.BlockColumns;
        _pairs.Resize((long)count * columns / 2);
        _scales.Resize((long)count * _chunks);
        _sums.Resize((long)count * _blocks);
    }

    /// <summary>The pairs of a chunk of the tile that begins at a row.</summary>
    public int* Pairs(int start, int chunk) => _pairs.Pointer + ((long)chunk * (PanelLayout.ChunkColumns / 2) * _count) + ((long)start * (ColumnsOf(chunk) / 2));

    /// <summary>[tokens] scales of a chunk of a tile.</summary>
    public float* Scales(int start, int chunk) => _scales.Pointer + ((long)chunk * _count) + start;

    /// <summary>[blocks of 32 columns][tokens] sums of the integers of a chunk of a tile.</summary>
    public float* Sums(int start, int chunk) => _sums.Pointer + ((long)chunk * (PanelLayout.ChunkColumns / PanelLayout.BlockColumns) * _count) + ((long)start * (ColumnsOf(chunk) / PanelLayout.BlockColumns));

    /// <summary>Rounds the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int start, int size, float* source, long stride)
    {
        for (var t = 0; t < size; t++)
        {
            for (var chunk = 0; chunk < _chunks; chunk++)
            {
                var columns = ColumnsOf(chunk);
                var from = source + ((start + t) * stride) + (chunk * PanelLayout.ChunkColumns);
                Scales(start, chunk)[t] = Chunk(from, columns, size, Pairs(start, chunk) + t, Sums(start, chunk) + t);
            }
        }
    }

    public void Dispose()
    {
        _pairs.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }

    private int ColumnsOf(int chunk) => Math.Min(PanelLayout.ChunkColumns, _columns - (chunk * PanelLayout.ChunkColumns));

    // Not-a-number and infinity go into the scale, so that the whole row shows them and no other row does.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Chunk(float* x, int columns, int size, int* pairs, float* sums)
    {
        var max = Vector512<float>.Zero;
        for (var i = 0; i < columns; i += 16)
            max = Vector512.Max(max, Vector512.Abs(Vector512.Load(x + i)));
        var largest = 0f;
        for (var lane = 0; lane < 16; lane++)
            largest = MathF.Max(largest, max[lane]);
        var scale = largest / Max;
        var inverse = scale > 0 && float.IsFinite(scale) ? 1 / scale : 0;
        var factor = Vector512.Create(float.IsFinite(inverse) ? inverse : 0);
        var words = stackalloc int[16];
        for (var block = 0; block < columns; block += PanelLayout.BlockColumns)
        {
            var low = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x + block) * factor));
            var high = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x + block + 16) * factor));
            *(sums + (block / PanelLayout.BlockColumns * size)) = Vector512.Sum(low + high);
            Vector512.Store(Vector512.Narrow(low, high).AsInt32(), words);
            var to = pairs + ((long)block / 2 * size);
            for (var p = 0; p < 16; p++)
                to[p * size] = words[p];
        }

        return scale;
    }
}
