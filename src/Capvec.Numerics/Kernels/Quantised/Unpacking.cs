using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>
/// Reads a chunk of a panel (<see cref="PanelLayout"/>) into 16-bit integers and float32 scales. Done once a chunk for all tokens of a step, so that
/// one integer kernel serves every format. Written with 512-bit vectors, which the runtime splits on smaller machines.
/// </summary>
internal static unsafe class Unpacking
{
    private const int Rows = PanelLayout.Rows;

    public static void Chunk(WeightFormat format, byte* from, int columns, UnpackedChunk to)
    {
        Shape(format, columns, to);
        switch (format)
        {
            case WeightFormat.Q8_0: Q80(from, to); break;
            case WeightFormat.Block12: Block12(from, to); break;
            case WeightFormat.Q4_0: Q40(from, to); break;
            case WeightFormat.Q4_K: Q4K(from, to); break;
            case WeightFormat.Q6_K: Q6K(from, to); break;
            default: throw new ArgumentOutOfRangeException(nameof(format));
        }
    }

    /// <summary>Notes what blocks a chunk has.</summary>
    public static void Shape(WeightFormat format, int columns, UnpackedChunk to)
    {
        to.HasMinima = format == WeightFormat.Q4_K;
        to.PairsPerBlock = format == WeightFormat.Q6_K ? 8 : 16;
        to.Blocks = columns / (2 * to.PairsPerBlock);
    }

    /// <summary>The scales of a q8_0 chunk alone, for kernels that read its weights where they are.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q80Scales(byte* from, int columns, UnpackedChunk to)
    {
        (to.HasMinima, to.PairsPerBlock, to.Blocks) = (false, 16, columns / PanelLayout.BlockColumns);
        var scales = to.Scales;
        for (var b = to.Blocks; b > 0; b--, from += PanelLayout.Q80BlockBytes, scales += Rows)
            Scales(from, scales);
    }

    /// <summary>The chunk as float32 weights [columns][32 rows]: the panel of the exact kernels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ToFloat(UnpackedChunk chunk, float* to)
    {
        for (var b = 0; b < chunk.Blocks; b++)
        {
            for (var half = 0; half < 2; half++)
            {
                var scale = Vector512.Load(chunk.Scales + (b * Rows) + (16 * half));
                var minimum = chunk.HasMinima ? Vector512.Load(chunk.Minima + (b * Rows) + (16 * half)) : default;
                for (var p = b * chunk.PairsPerBlock; p < (b + 1) * chunk.PairsPerBlock; p++)
                {
                    var pair = Vector512.Load((int*)(chunk.Values + (p * 64) + (32 * half)));
                    var even = Vector512.ConvertToSingle((pair << 16) >> 16) * scale;
                    var odd = Vector512.ConvertToSingle(pair >> 16) * scale;
                    if (chunk.HasMinima)
                        (even, odd) = (even - minimum, odd - minimum);
                    Vector512.Store(even, to + (2 * p * Rows) + (16 * half));
                    Vector512.Store(odd, to + (((2 * p) + 1) * Rows) + (16 * half));
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q80(byte* from, UnpackedChunk to)
    {
        var values = to.Values;
        var scales = to.Scales;
        for (var b = to.Blocks; b > 0; b--, from += PanelLayout.Q80BlockBytes, scales += Rows)
        {
            Scales(from, scales);
            for (var p = 0; p < 16; p++, values += 64)
            {
                var bytes = Vector512.Load((sbyte*)from + 64 + (p * 64));
                Vector512.Store(Vector512.WidenLower(bytes), values);
                Vector512.Store(Vector512.WidenUpper(bytes), values + 32);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block12(byte* from, UnpackedChunk to)
    {
        var values = to.Values;
        var scales = to.Scales;
        for (var b = to.Blocks; b > 0; b--, from += 64 + (16 * 128), scales += Rows)
        {
            var bits = Vector512.Load((ushort*)from);
            Vector512.Store((Vector512.WidenLower(bits) << 16).AsSingle(), scales);
            Vector512.Store((Vector512.WidenUpper(bits) << 16).AsSingle(), scales + 16);
            for (var p = 0; p < 32; p++, values += 32)
                Vector512.Store(Vector512.Load((short*)(from + 64) + (p * 32)), values);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q40(byte* from, UnpackedChunk to)
    {
        var values = to.Values;
        var scales = to.Scales;
        for (var b = to.Blocks; b > 0; b--, from += 64 + (4 * 128), scales += Rows)
        {
            Scales(from, scales);
            for (var quad = 0; quad < 4; quad++, values += 4 * 64)
                Quad((ushort*)(from + 64) + (quad * 64), values, Vector512.Create((short)8));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q4K(byte* from, UnpackedChunk to)
    {
        Q4KScales(from, to);
        for (var quad = 0; quad < 32; quad++)
            Quad((ushort*)(from + PanelLayout.Q4KQuads) + (quad * 64), to.Values + (quad * 4 * 64), default);
    }

    /// <summary>Scales and minima of a q4_K chunk alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q4KScales(byte* from, UnpackedChunk to)
    {
        for (var half = 0; half < 2; half++)
        {
            var d = HalfLanes.Load((ushort*)from + (16 * half));
            var dmin = HalfLanes.Load((ushort*)from + Rows + (16 * half));
            for (var b = 0; b < 8; b++)
            {
                var at = (b * Rows) + (16 * half);
                Vector512.Store(d * Bytes(from + PanelLayout.Q4KScales + at), to.Scales + at);
                Vector512.Store(dmin * Bytes(from + PanelLayout.Q4KMinima + at), to.Minima + at);
            }
        }
    }

    /// <summary>Scales of a q6_K chunk alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Q6KScales(byte* from, UnpackedChunk to)
    {
        for (var half = 0; half < 2; half++)
        {
            var d = HalfLanes.Load((ushort*)from + (16 * half));
            for (var b = 0; b < 16; b++)
            {
                var at = (b * Rows) + (16 * half);
                var words = Vector128.Load((sbyte*)from + PanelLayout.Q6KScales + at);
                var scale = Vector512.Create(Vector256.Create(Vector128.WidenLower(Vector128.WidenLower(words)), Vector128.WidenUpper(Vector128.WidenLower(words))), Vector256.Create(Vector128.WidenLower(Vector128.WidenUpper(words)), Vector128.WidenUpper(Vector128.WidenUpper(words))));
                Vector512.Store(d * Vector512.ConvertToSingle(scale), to.Scales + at);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Q6K(byte* from, UnpackedChunk to)
    {
        Q6KScales(from, to);
        var values = to.Values;
        var block = (ushort*)(from + PanelLayout.Q6KBlocks);
        var low = Vector512.Create((ushort)15);
        var two = Vector512.Create((ushort)3);
        var offset = Vector512.Create((short)32);
        for (var b = 0; b < 16; b++, block += 3 * 64)
        {
            for (var half = 0; half < 2; half++)
            {
                var upper = Vector512.Load(block + 128 + (32 * half));
                for (var quad = 0; quad < 2; quad++)
                {
                    var nibbles = Vector512.Load(block + (quad * 64) + (32 * half));
                    for (var p = 0; p < 4; p++)
                    {
                        var q = (nibbles & low) | ((upper & two) << 4);
                        Vector512.Store(q.AsInt16() - offset, values + (((4 * quad) + p) * 64) + (32 * half));
                        (nibbles, upper) = (nibbles >>> 4, upper >>> 2);
                    }
                }
            }

            values += 8 * 64;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quad(ushort* from, short* to, Vector512<short> offset)
    {
        var low = Vector512.Create((ushort)15);
        for (var half = 0; half < 2; half++)
        {
            var v = Vector512.Load(from + (32 * half));
            Vector512.Store((v & low).AsInt16() - offset, to + (32 * half));
            Vector512.Store(((v >>> 4) & low).AsInt16() - offset, to + 64 + (32 * half));
            Vector512.Store(((v >>> 8) & low).AsInt16() - offset, to + 128 + (32 * half));
            Vector512.Store((v >>> 12).AsInt16() - offset, to + 192 + (32 * half));
        }
    }

    /// <summary>32 float16 scales.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scales(byte* from, float* to)
    {
        Vector512.Store(HalfLanes.Load((ushort*)from), to);
        Vector512.Store(HalfLanes.Load((ushort*)from + 16), to + 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Bytes(byte* from)
    {
        var words = Vector128.Load(from);
        var (low, high) = (Vector128.WidenLower(words), Vector128.WidenUpper(words));
        return Vector512.ConvertToSingle(Vector512.Create(
            Vector256.Create(Vector128.WidenLower(low), Vector128.WidenUpper(low)),
            Vector256.Create(Vector128.WidenLower(high), Vector128.WidenUpper(high))).AsInt32());
    }
}
