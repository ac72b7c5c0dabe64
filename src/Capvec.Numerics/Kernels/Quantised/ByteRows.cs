using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Capvec.Numerics.Memory;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Activation rows as 8-bit integers (7 bits and a sign) with one scale for 32 columns, as llama.cpp's q8_0 rounds them: an error of at most 1/254 of a block's largest value.
/// Chunks and tiles as in <see cref="PackedRows"/>: <c>[quads][tokens]</c>, four columns a word in the order of <see cref="QuadUnpacking"/>.
/// </summary>
internal sealed unsafe class ByteRows : IDisposable
{
    /// <summary>Largest magnitude of an activation.</summary>
    public const int Max = 127;

    private readonly NativeBuffer<int> _quads = new(0);
    private readonly NativeBuffer<float> _scales = new(0);
    private readonly NativeBuffer<float> _sums = new(0);
    private readonly NativeBuffer<int> _offsets = new(0);
    private readonly NativeBuffer<int> _halfOffsets = new(0);
    private int _count;
    private int _columns;

    public void Reshape(int count, int columns)
    {
        (_count, _columns) = (count, columns);
        var blocks = (long)count * (columns / PanelLayout.BlockColumns);
        _quads.Resize((long)count * columns / 4);
        _scales.Resize(blocks);
        _sums.Resize(blocks);
        _offsets.Resize(blocks);
        _halfOffsets.Resize(2 * blocks);
    }

    /// <summary>A chunk of all rows.</summary>
    public ByteChunk Chunk(int index)
    {
        var blocks = (long)index * PanelLayout.ChunkColumns / PanelLayout.BlockColumns * _count;
        return new ByteChunk(
            _quads.Pointer + (blocks * 8),
            _scales.Pointer + blocks,
            _sums.Pointer + blocks,
            _offsets.Pointer + blocks,
            _halfOffsets.Pointer + (2 * blocks),
            Math.Min(PanelLayout.ChunkColumns, _columns - (index * PanelLayout.ChunkColumns)));
    }

    /// <summary>Rounds the rows of one tile from <c>source + row * stride</c>.</summary>
    public void PackTile(int start, int size, float* source, long stride)
    {
        for (var (chunk, column) = (0, 0); column < _columns; chunk++, column += PanelLayout.ChunkColumns)
        {
            var to = Chunk(chunk);
            for (var t = 0; t < size; t++)
                One(source + ((start + t) * stride) + column, to, start, size, t);
        }
    }

    public void Dispose()
    {
        _quads.Dispose();
        _scales.Dispose();
        _sums.Dispose();
        _offsets.Dispose();
        _halfOffsets.Dispose();
    }

    // Not-a-number and infinity go into the scale, so that the whole row shows them and no other row does.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(float* x, ByteChunk to, int start, int size, int t)
    {
        var quads = to.Quads(start) + t;
        var words = stackalloc int[8];
        var order = Vector256.Create((byte)0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15, 16, 20, 17, 21, 18, 22, 19, 23, 24, 28, 25, 29, 26, 30, 27, 31);
        for (var b = 0; b < to.Blocks; b++, x += PanelLayout.BlockColumns)
        {
            var (first, second) = (Vector512.Load(x), Vector512.Load(x + 16));
            var max = Vector512.Max(Vector512.Abs(first), Vector512.Abs(second));
            var half = Vector256.Max(max.GetLower(), max.GetUpper());
            var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
            var scale = MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3])) / Max;
            var inverse = scale > 0 && float.IsFinite(scale) ? 1 / scale : 0;
            var factor = Vector512.Create(float.IsFinite(inverse) ? inverse : 0);
            var (low, high) = (Vector512.ConvertToInt32(Vector512.Round(first * factor)), Vector512.ConvertToInt32(Vector512.Round(second * factor)));
            var (lowSum, highSum) = (Vector512.Sum(low), Vector512.Sum(high));
            var at = (b * size) + t;
            to.Scales(start)[at] = scale;
            to.Sums(start)[at] = scale * (lowSum + highSum);
            to.Offsets(start)[at] = -128 * (lowSum + highSum);
            to.HalfOffsets(start)[at + (b * size)] = -128 * lowSum;
            to.HalfOffsets(start)[at + ((b + 1) * size)] = -128 * highSum;
            var pairs = Vector512.Narrow(low, high);
            Vector256.Store(Vector256.Shuffle(Vector256.Narrow(pairs.GetLower(), pairs.GetUpper()).AsByte(), order).AsInt32(), words);
            for (var quad = 0; quad < 8; quad++, quads += size)
                *quads = words[quad];
        }
    }
}
