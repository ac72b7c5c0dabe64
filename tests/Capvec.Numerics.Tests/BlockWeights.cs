using System.Buffers.Binary;
using Capvec.Numerics.Kernels;

namespace Capvec.Numerics.Tests;

/// <summary>Random matrices in the block formats, with what the formats' definitions say they mean.</summary>
internal static class BlockWeights
{
    public static IReadOnlyList<WeightFormat> Formats { get; } = [.. Enum.GetValues<WeightFormat>().Where(f => f.IsQuantised())];

    /// <summary>Columns that make a shorter last chunk, where the format allows one.</summary>
    public static int Rest(WeightFormat format) => format.ColumnMultiple() == 256 ? 0 : 96;

    public static (PackedMatrix Matrix, float[][] Rows) Random(Random random, int rows, int columns, WeightFormat format)
    {
        var matrix = new PackedMatrix(rows, columns, format);
        var values = new float[rows][];
        for (var r = 0; r < rows; r++)
        {
            if (format == WeightFormat.Block12)
            {
                var row = Enumerable.Range(0, columns).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray();
                matrix.SetRow(r, row);
                values[r] = new float[columns];
                matrix.GetRow(r, values[r]);
                continue;
            }

            var bytes = new byte[format.FileRowBytes(columns)];
            random.NextBytes(bytes);
            var block = format.FileRowBytes(format.ColumnMultiple());
            for (var at = 0; at < bytes.Length; at += block)
                Scale(random, bytes.AsSpan(at, block), format);
            matrix.SetBlocks(r, bytes);
            values[r] = new float[columns];
            for (var k = 0; k < columns; k++)
                values[r][k] = Value(format, bytes, k);
        }

        return (matrix, values);
    }

    // Random bytes would make infinite scales.
    private static void Scale(Random random, Span<byte> block, WeightFormat format)
    {
        var at = format == WeightFormat.Q6_K ? 208 : 0;
        BinaryPrimitives.WriteHalfLittleEndian(block[at..], (Half)((random.NextDouble() - 0.3) * 0.01));
        if (format == WeightFormat.Q4_K)
            BinaryPrimitives.WriteHalfLittleEndian(block[2..], (Half)(random.NextDouble() * 1e-6)); // subnormal ones too
    }

    private static float Value(WeightFormat format, byte[] row, int k)
    {
        float H(int at) => (float)BinaryPrimitives.ReadHalfLittleEndian(row.AsSpan(at));
        switch (format)
        {
            case WeightFormat.Q8_0:
                return H(k / 32 * 34) * (sbyte)row[(k / 32 * 34) + 2 + (k % 32)];
            case WeightFormat.Q4_0:
                var (b, i) = (k / 32 * 18, k % 32);
                return H(b) * (((row[b + 2 + (i % 16)] >> (4 * (i / 16))) & 15) - 8);
            case WeightFormat.Q4_K:
                var (c, e) = (k / 256 * 144, k % 256);
                var j = e / 32;
                int S(int n) => row[c + 4 + n];
                var sc = j < 4 ? S(j) & 63 : (S(j + 4) & 15) | ((S(j - 4) >> 6) << 4);
                var mn = j < 4 ? S(j + 4) & 63 : (S(j + 4) >> 4) | ((S(j) >> 6) << 4);
                var q = (row[c + 16 + (32 * (e / 64)) + (e % 32)] >> (4 * (j & 1))) & 15;
                return (H(c) * sc * q) - (H(c + 2) * mn);
            default:
                var (s, x) = (k / 256 * 210, k % 256);
                var (n, t, l) = (x / 128, x % 128 / 32, x % 32);
                var low = (row[s + (64 * n) + (32 * (t & 1)) + l] >> (4 * (t >> 1))) & 15;
                var high = (row[s + 128 + (32 * n) + l] >> (2 * t)) & 3;
                return H(s + 208) * (sbyte)row[s + 192 + (x / 16)] * ((low | (high << 4)) - 32);
        }
    }
}
