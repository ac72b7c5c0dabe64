using Capvec.Numerics.Kernels;
using static Capvec.Numerics.Tests.Products;

namespace Capvec.Numerics.Tests;

/// <summary>Products with quantised weights: unpacking against the formats' definitions, error bounds that follow from the rounding, and bits that do not depend on the batch.</summary>
public sealed unsafe class QuantisedGemmTests
{
    private const int Rows = 70;

    public static TheoryData<KernelPath, WeightFormat> Paths()
    {
        var data = new TheoryData<KernelPath, WeightFormat>();
        foreach (var path in KernelPaths.Supported)
        {
            foreach (var format in BlockWeights.Formats)
                data.Add(path, format);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Rows_read_back_as_the_format_defines_them(KernelPath path, WeightFormat format)
    {
        _ = path;
        var (w, expected) = BlockWeights.Random(new Random(5), Rows, 512 + BlockWeights.Rest(format), format);
        using (w)
        {
            var row = new float[w.Columns];
            for (var r = 0; r < Rows; r++)
            {
                w.GetRow(r, row);
                row.ShouldBe(expected[r]);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Exact_products_are_chains_of_float32_multiply_adds(KernelPath path, WeightFormat format)
    {
        var random = new Random(6);
        var (w, rows) = BlockWeights.Random(random, Rows, 256 + BlockWeights.Rest(format), format);
        using (w)
        {
            for (var tokens = 1; tokens <= 9; tokens++)
            {
                var x = Values(random, tokens * w.Columns);
                var expected = new float[tokens * Rows];
                for (var t = 0; t < tokens; t++)
                {
                    for (var r = 0; r < Rows; r++)
                    {
                        var sum = 0f;
                        for (var k = 0; k < w.Columns; k++)
                            sum = path == KernelPath.Portable ? sum + (rows[r][k] * x[(t * w.Columns) + k]) : MathF.FusedMultiplyAdd(rows[r][k], x[(t * w.Columns) + k], sum);
                        expected[(t * Rows) + r] = sum;
                    }
                }

                Multiply(path, w, x, tokens, Activations.Float32).ShouldBe(expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Fast_products_stay_within_the_rounding_of_the_activations(KernelPath path, WeightFormat format)
    {
        StaysWithin(path, format, Activations.Int16, 256, 16383);
        StaysWithin(path, format, Activations.Int8, format == WeightFormat.Block12 ? 256 : 32, format == WeightFormat.Block12 ? 16383 : 127);
    }

    private static void StaysWithin(KernelPath path, WeightFormat format, Activations activations, int columns, int steps)
    {
        var random = new Random(8);
        var (w, rows) = BlockWeights.Random(random, Rows, 768 + BlockWeights.Rest(format), format);
        using (w)
        {
            for (var tokens = 1; tokens <= 14; tokens++)
            {
                var x = Values(random, tokens * w.Columns);
                var y = Multiply(path, w, x, tokens, activations);
                for (var t = 0; t < tokens; t++)
                {
                    var row = x.AsSpan(t * w.Columns, w.Columns);
                    for (var r = 0; r < Rows; r++)
                    {
                        var (exact, bound) = Definition(rows[r], row, columns, steps);
                        Math.Abs(y[(t * Rows) + r] - exact).ShouldBeLessThanOrEqualTo(bound, $"token {t}, row {r}");
                    }
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_row_has_the_same_bits_alone_and_in_any_batch(KernelPath path, WeightFormat format)
    {
        var random = new Random(9);
        // Five panels, two chunks and a short one, and with 100 rows more tiles than read q8_0 where it lies and groups of panels.
        const int rows = 150;
        const int tokens = 100;
        var (w, _) = BlockWeights.Random(random, rows, 512 + BlockWeights.Rest(format), format);
        using (w)
        {
            var x = Values(random, tokens * w.Columns);
            foreach (var activations in Enum.GetValues<Activations>())
            {
                var all = Multiply(path, w, x, tokens, activations);
                foreach (var some in new[] { 2, 7, 20, 30 })
                    Multiply(path, w, x[..(some * w.Columns)], some, activations).ShouldBe(all[..(some * rows)]);
                for (var t = 0; t < tokens; t += 9)
                    Multiply(path, w, x.AsSpan(t * w.Columns, w.Columns).ToArray(), 1, activations).ShouldBe(all.AsSpan(t * rows, rows).ToArray());
            }
        }
    }

    // The portable path multiplies, then adds.
    [Fact]
    public void Fused_paths_agree_bit_for_bit()
    {
        var random = new Random(10);
        foreach (var format in BlockWeights.Formats)
        {
            foreach (var columns in new[] { 512 + BlockWeights.Rest(format), format.ColumnMultiple(), format.ColumnMultiple() == 32 ? 288 : 256 })
            {
                var (w, _) = BlockWeights.Random(random, Rows, columns, format);
                using (w)
                {
                    var x = Values(random, 30 * w.Columns);
                    foreach (var activations in Enum.GetValues<Activations>())
                    {
                        foreach (var tokens in new[] { 1, 7, 30 })
                        {
                            var first = Multiply(KernelPaths.Supported[0], w, x[..(tokens * w.Columns)], tokens, activations);
                            foreach (var path in KernelPaths.Supported.Where(p => p != KernelPath.Portable))
                                Multiply(path, w, x[..(tokens * w.Columns)], tokens, activations).ShouldBe(first);
                        }
                    }
                }
            }
        }
    }

    [Fact]
    public void The_largest_weights_and_activations_do_not_overflow()
    {
        using var w = new PackedMatrix(32, 256, WeightFormat.Block12);
        var row = new float[256];
        Array.Fill(row, -3f);
        for (var r = 0; r < 32; r++)
            w.SetRow(r, row);
        var x = new float[256];
        Array.Fill(x, -7f);
        foreach (var path in KernelPaths.Supported)
            Multiply(path, w, x, 1).ShouldAllBe(y => Math.Abs(y - 5376) < 1);
    }

    // Sums of 32 products of the largest bytes, with either sign: -128 stands for 0 once 128 is added.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(-1, -1)]
    public void The_largest_bytes_do_not_overflow(int weightSign, int activationSign)
    {
        using var w = new PackedMatrix(32, 288, WeightFormat.Q8_0);
        var blocks = new byte[WeightFormat.Q8_0.FileRowBytes(288)];
        var weight = weightSign > 0 ? 127 : -128;
        blocks.AsSpan().Fill((byte)weight);
        for (var b = 0; b < blocks.Length; b += 34)
            BitConverter.TryWriteBytes(blocks.AsSpan(b), (Half)1f);
        for (var r = 0; r < 32; r++)
            w.SetBlocks(r, blocks);
        var x = new float[288];
        Array.Fill(x, 127f * activationSign);
        foreach (var path in KernelPaths.Supported)
            Multiply(path, w, x, 1, Activations.Int8).ShouldAllBe(y => y == 288f * 127 * activationSign * weight);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Not_a_number_stays_in_its_own_row(KernelPath path, WeightFormat format)
    {
        var (w, _) = BlockWeights.Random(new Random(1), 40, 512 + BlockWeights.Rest(format), format);
        using (w)
        {
            // In the first chunk and in the last, which is short in some formats.
            foreach (var at in new[] { 44, w.Columns - 1 })
            {
                foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                {
                    var x = Values(new Random(2), 3 * w.Columns);
                    x[w.Columns + at] = bad;
                    foreach (var activations in Enum.GetValues<Activations>())
                    {
                        var y = Multiply(path, w, x, 3, activations);
                        y[..40].ShouldAllBe(v => float.IsFinite(v));
                        y[40..80].ShouldAllBe(v => !float.IsFinite(v));
                        y[80..].ShouldAllBe(v => float.IsFinite(v));
                    }
                }
            }
        }
    }

    [Fact]
    public void Twelve_bit_blocks_round_to_the_nearest_of_8190_steps()
    {
        var random = new Random(12);
        using var w = new PackedMatrix(1, 96, WeightFormat.Block12);
        var values = Values(random, 96);
        w.SetRow(0, values);
        var back = new float[96];
        w.GetRow(0, back);
        for (var b = 0; b < 96; b += 32)
        {
            // A bf16 scale is at most 1/128 above the exact one.
            var max = values.AsSpan(b, 32).ToArray().Max(MathF.Abs);
            for (var i = b; i < b + 32; i++)
                Math.Abs(back[i] - values[i]).ShouldBeLessThanOrEqualTo(max / 8190 * (1 + (1f / 128)) * 1.001f);
        }
    }

    // The activations' rounding is at most half a step of the largest value among those that share a scale; the float32 sums add a little.
    private static (double Exact, double Bound) Definition(float[] w, ReadOnlySpan<float> x, int columns, int steps)
    {
        double exact = 0, bound = 0, size = 0;
        for (var from = 0; from < w.Length; from += columns)
        {
            var to = Math.Min(from + columns, w.Length);
            double weights = 0;
            var max = 0f;
            for (var k = from; k < to; k++)
            {
                exact += (double)w[k] * x[k];
                size += Math.Abs((double)w[k] * x[k]);
                weights += Math.Abs(w[k]);
                max = MathF.Max(max, MathF.Abs(x[k]));
            }

            bound += weights * max / steps / 2 * 1.001;
        }

        return (exact, bound + (size * 1e-5));
    }

    private static float[] Values(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
