using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Activation rows as 15-bit integers (14 bits and a sign) with one scale for 256 columns: relative to a chunk's largest value an error of at most 1/32766.
/// Tiles as in <see cref="PackedRows"/>: <c>[column pairs][tokens]</c>, two 16-bit numbers a word.
/// </summary>
internal sealed unsafe class IntegerRows : IDisposable
{
    /// <summary>Largest magnitude of an activation.</summary>
    public const int Max = 16383;

    private readonly NativeBuffer<int> _pairs = new(0);
    private readonly NativeBuffer<float> _scales = new(0);
    private readonly NativeBuffer<float> _sums = new(0);
    private int _columns;
    private int _chunks;
    private int _blocks;

    public void Reshape(int count, int columns)
    {
        _columns = columns;
        _chunks = (columns + PanelLayout.ChunkColumns - 1) / PanelLayout.ChunkColumns;
        _blocks = columns / PanelLayout.BlockColumns;
        _pairs.Resize((long)count * columns / 2);
        _scales.Resize((long)count * _chunks);
        _sums.Resize((long)count * _blocks);
    }

    /// <summary>The pairs of a chunk of the tile that begins at a row and has <paramref name="size"/> tokens.</summary>
    public int* Pairs(int start, int size, int chunk) => _pairs.Pointer + ((long)start * (_columns / 2)) + ((long)chunk * (PanelLayout.ChunkColumns / 2) * size);

    /// <summary>[tokens] scales of a chunk.</summary>
    public float* Scales(int start, int size, int chunk) => _scales.Pointer + ((long)start * _chunks) + ((long)chunk * size);

    /// <summary>[blocks of 32 columns][tokens] sums of the integers, from a chunk's first block on.</summary>
    public float* Sums(int start, int size, int chunk) => _sums.Pointer + ((long)start * _blocks) + ((long)chunk * (PanelLayout.ChunkColumns / PanelLayout.BlockColumns) * size);

    /// <summary>Rounds the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int start, int size, float* source, long stride)
    {
        for (var t = 0; t < size; t++)
        {
            for (var chunk = 0; chunk < _chunks; chunk++)
            {
                var columns = Math.Min(PanelLayout.ChunkColumns, _columns - (chunk * PanelLayout.ChunkColumns));
                var from = source + ((start + t) * stride) + (chunk * PanelLayout.ChunkColumns);
                Scales(start, size, chunk)[t] = Chunk(from, columns, size, Pairs(start, size, chunk) + t, Sums(start, size, chunk) + t);
            }
        }
    }

    public void Dispose()
    {
        _pairs.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }

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
