using System.Buffers.Binary;

namespace Capvec.Numerics.Kernels.Quantised;

/// <summary>Puts one row, as GGUF stores it, into its lanes of a panel (<see cref="PanelLayout"/>).</summary>
internal static unsafe class Repacking
{
    private const int Rows = PanelLayout.Rows;

    /// <param name="format">The format of both.</param>
    /// <param name="panel">The panel that holds the row.</param>
    /// <param name="lane">The row's number within the panel.</param>
    /// <param name="row">The row's blocks, <see cref="WeightFormats.FileRowBytes"/> bytes.</param>
    public static void Row(WeightFormat format, byte* panel, int lane, ReadOnlySpan<byte> row)
    {
        switch (format)
        {
            case WeightFormat.Q8_0:
                for (var b = 0; b < row.Length / 34; b++)
                    Q80(panel + (b * PanelLayout.BlockBytes(format)), lane, row.Slice(b * 34, 34));
                break;
            case WeightFormat.Q4_0:
                for (var b = 0; b < row.Length / 18; b++)
                    Q40(panel + (b * PanelLayout.BlockBytes(format)), lane, row.Slice(b * 18, 18));
                break;
            case WeightFormat.Q4_K:
                for (var c = 0; c < row.Length / 144; c++)
                    Q4K(panel + (c * PanelLayout.ChunkBytes(format, PanelLayout.ChunkColumns)), lane, row.Slice(c * 144, 144));
                break;
            case WeightFormat.Q6_K:
                for (var c = 0; c < row.Length / 210; c++)
                    Q6K(panel + (c * PanelLayout.ChunkBytes(format, PanelLayout.ChunkColumns)), lane, row.Slice(c * 210, 210));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "not a block format of GGUF");
        }
    }

    /// <summary>Rounds one row of float32 weights to <see cref="WeightFormat.Block12"/>: a bf16 scale that is at least max / 4095, nearest integers.</summary>
    public static void Block12(byte* panel, int lane, ReadOnlySpan<float> row)
    {
        for (var b = 0; b < row.Length / PanelLayout.BlockColumns; b++, panel += PanelLayout.BlockBytes(WeightFormat.Block12))
        {
            var block = row.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            var max = 0f;
            foreach (var w in block)
                max = MathF.Max(max, MathF.Abs(w));

            // Rounded up to bf16, so that the largest weight still fits.
            var bits = (BitConverter.SingleToUInt32Bits(max / PanelLayout.Block12Max) + 0xFFFF) >> 16;
            var scale = BitConverter.UInt32BitsToSingle(bits << 16);
            ((ushort*)panel)[lane] = (ushort)bits;
            var values = (short*)(panel + 64);
            for (var i = 0; i < PanelLayout.BlockColumns; i++)
                values[At(i / 2, lane, i)] = scale == 0 ? (short)0 : (short)Math.Clamp(MathF.Round(block[i] / scale), -PanelLayout.Block12Max, PanelLayout.Block12Max);
        }
    }

    private static int At(int pair, int lane, int column) => (pair * 64) + (2 * lane) + (column & 1);

    private static void Q80(byte* block, int lane, ReadOnlySpan<byte> from)
    {
        ((ushort*)block)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(from);
        for (var i = 0; i < 32; i++)
            block[64 + At(i / 2, lane, i)] = from[2 + i];
    }

    private static void Q40(byte* block, int lane, ReadOnlySpan<byte> from)
    {
        ((ushort*)block)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(from);
        var quads = (ushort*)(block + 64);
        for (var i = 0; i < 32; i++)
            SetNibble(quads, lane, i, (from[2 + (i % 16)] >> (4 * (i / 16))) & 15);
    }

    private static void Q4K(byte* chunk, int lane, ReadOnlySpan<byte> from)
    {
        ((ushort*)chunk)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(from);
        ((ushort*)chunk)[Rows + lane] = BinaryPrimitives.ReadUInt16LittleEndian(from[2..]);
        var s = from.Slice(4, 12);
        for (var j = 0; j < 8; j++)
        {
            var scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | ((s[j - 4] >> 6) << 4);
            var minimum = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | ((s[j] >> 6) << 4);
            chunk[PanelLayout.Q4KScales + (j * Rows) + lane] = (byte)scale;
            chunk[PanelLayout.Q4KMinima + (j * Rows) + lane] = (byte)minimum;
        }

        var quads = (ushort*)(chunk + PanelLayout.Q4KQuads);
        for (var i = 0; i < 256; i++)
            SetNibble(quads, lane, i, (from[16 + (32 * (i / 64)) + (i % 32)] >> (4 * ((i / 32) & 1))) & 15);
    }

    private static void Q6K(byte* chunk, int lane, ReadOnlySpan<byte> from)
    {
        ((ushort*)chunk)[lane] = BinaryPrimitives.ReadUInt16LittleEndian(from[208..]);
        for (var j = 0; j < 16; j++)
            chunk[PanelLayout.Q6KScales + (j * Rows) + lane] = from[192 + j];
        for (var i = 0; i < 256; i++)
        {
            var (n, t, l) = (i / 128, i % 128 / 32, i % 32);
            var low = (from[(64 * n) + (32 * (t & 1)) + l] >> (4 * (t >> 1))) & 15;
            var high = (from[128 + (32 * n) + l] >> (2 * t)) & 3;
            var block = (ushort*)(chunk + PanelLayout.Q6KBlocks + (i / 16 * PanelLayout.Q6KBlockBytes));
            var column = i % 16;
            SetNibble(block, lane, column, low);
            ref var upper = ref block[At(2, lane, column)];
            var shift = 2 * (column / 2);
            upper = (ushort)((upper & ~(3 << shift)) | (high << shift));
        }
    }

    private static void SetNibble(ushort* quads, int lane, int column, int value)
    {
        var pair = column / 2;
        ref var word = ref quads[At(pair / 4, lane, column)];
        var shift = 4 * (pair % 4);
        word = (ushort)((word & ~(15 << shift)) | (value << shift));
    }
}
