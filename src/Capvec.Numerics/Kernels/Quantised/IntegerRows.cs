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

    /// <summary>A chunk of all rows.</summary>
    public IntegerChunk Chunk(int index)
    {
        var before = (long)index * PanelLayout.ChunkColumns * _count;
        return new IntegerChunk(_pairs.Pointer + (before / 2), _sums.Pointer + (before / PanelLayout.BlockColumns), _scales.Pointer + ((long)index * _count), ColumnsOf(index));
    }

    /// <summary>Rounds the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int start, int size, float* source, long stride)
    {
        for (var chunk = 0; chunk < _chunks; chunk++)
        {
            var columns = ColumnsOf(chunk);
            var from = source + (start * stride) + (chunk * PanelLayout.ChunkColumns);
            var to = Chunk(chunk);
            var pairs = to.Pairs(start);
            var sums = to.Sums(start);
            var scales = to.Scales(start);
            var t = 0;
            for (; t < size - 1; t += 2)
                Two(from + (t * stride), from + ((t + 1) * stride), columns, size, pairs + t, sums + t, scales + t);
            if (t < size)
                One(from + (t * stride), columns, size, pairs + t, sums + t, scales + t);
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
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Factor(float* x, int columns, float* scale)
    {
        var max = Vector512<float>.Zero;
        for (var i = 0; i < columns; i += 16)
            max = Vector512.Max(max, Vector512.Abs(Vector512.Load(x + i)));
        var half = Vector256.Max(max.GetLower(), max.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        var largest = MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
        *scale = largest / Max;
        var inverse = *scale > 0 && float.IsFinite(*scale) ? 1 / *scale : 0;
        return Vector512.Create(float.IsFinite(inverse) ? inverse : 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Block(float* x, Vector512<float> factor, float* sum)
    {
        var low = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x) * factor));
        var high = Vector512.ConvertToInt32(Vector512.Round(Vector512.Load(x + 16) * factor));
        *sum = Vector512.Sum(low + high);
        return Vector512.Narrow(low, high).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* x, int columns, int size, int* pairs, float* sums, float* scale)
    {
        var factor = Factor(x, columns, scale);
        var words = stackalloc int[16];
        for (var block = 0; block < columns; block += PanelLayout.BlockColumns, sums += size)
        {
            Vector512.Store(Block(x + block, factor, sums), words);
            for (var p = 0; p < 16; p++, pairs += size)
                *pairs = words[p];
        }
    }

    // Two tokens at once: their words stand side by side in the tile, so that half as many stores do.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(float* x, float* z, int columns, int size, int* pairs, float* sums, float* scales)
    {
        var (first, second) = (Factor(x, columns, scales), Factor(z, columns, scales + 1));
        var words = stackalloc long[16];
        var upper = Vector512.Create(0x_FFFF_FFFF_0000_0000).AsInt64();
        for (var block = 0; block < columns; block += PanelLayout.BlockColumns, sums += size)
        {
            var a = Block(x + block, first, sums).AsInt64();
            var b = Block(z + block, second, sums + 1).AsInt64();
            Vector512.Store((a & ~upper) | (b << 32), words);
            Vector512.Store((a >>> 32) | (b & upper), words + 8);
            for (var p = 0; p < 8; p++, pairs += 2 * size)
            {
                *(long*)pairs = words[p];
                *(long*)(pairs + size) = words[8 + p];
            }
        }
    }
}
