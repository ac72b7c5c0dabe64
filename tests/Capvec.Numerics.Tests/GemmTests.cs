using Capvec.Numerics.Kernels;
using static Capvec.Numerics.Tests.Products;

namespace Capvec.Numerics.Tests;

public sealed unsafe class GemmTests
{
    public static TheoryData<KernelPath, WeightFormat> Paths()
    {
        var data = new TheoryData<KernelPath, WeightFormat>();
        foreach (var path in KernelPaths.Supported)
        {
            foreach (var format in new[] { WeightFormat.Float32, WeightFormat.BFloat16, WeightFormat.Float16 })
                data.Add(path, format);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Every_shape_equals_the_definition_bit_for_bit(KernelPath path, WeightFormat format)
    {
        var random = new Random(7);
        foreach (var (rows, columns) in new[] { (1, 1), (31, 3), (32, 17), (33, 64), (64, 5), (95, 33), (130, 7) })
        {
            using var w = Matrix(random, rows, columns, format);
            for (var tokens = 1; tokens <= 14; tokens++)
            {
                var x = Values(random, tokens * columns);
                var expected = new float[tokens * rows];
                Gemm.Reference(w, x, expected, fused: path != KernelPath.Portable);
                Multiply(path, w, x, tokens).ShouldBe(expected);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_row_has_the_same_bits_alone_and_in_any_batch(KernelPath path, WeightFormat format)
    {
        var random = new Random(11);
        using var w = Matrix(random, 70, 50, format);
        var x = Values(random, 17 * 50);
        var all = Multiply(path, w, x, 17);
        for (var t = 0; t < 17; t++)
            Multiply(path, w, x.AsSpan(t * 50, 50).ToArray(), 1).ShouldBe(all.AsSpan(t * 70, 70).ToArray());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Packed_rows_read_back_as_they_were(KernelPath path, WeightFormat format)
    {
        _ = path;
        var random = new Random(3);
        using var w = new PackedMatrix(37, 9, format);
        var row = new float[9];
        for (var r = 0; r < 37; r++)
        {
            var values = Round(Values(random, 9), format);
            w.SetRow(r, values);
            w.GetRow(r, row);
            row.ShouldBe(values);
        }
    }

    [Fact]
    public void Not_a_number_stays_in_its_own_row()
    {
        using var w = Matrix(new Random(1), 40, 20, WeightFormat.Float32);
        var x = Values(new Random(2), 3 * 20);
        x[20] = float.NaN;
        var y = Multiply(KernelPaths.Default, w, x, 3);
        y[..40].ShouldAllBe(v => float.IsFinite(v));
        y[40..80].ShouldAllBe(v => float.IsNaN(v));
        y[80..].ShouldAllBe(v => float.IsFinite(v));
    }

    private static PackedMatrix Matrix(Random random, int rows, int columns, WeightFormat format)
    {
        var w = new PackedMatrix(rows, columns, format);
        for (var r = 0; r < rows; r++)
            w.SetRow(r, Round(Values(random, columns), format));
        return w;
    }

    private static float[] Round(float[] values, WeightFormat format) => format switch
    {
        WeightFormat.BFloat16 => [.. values.Select(v => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000))],
        WeightFormat.Float16 => [.. values.Select(v => (float)(Half)v)],
        _ => values,
    };

    private static float[] Values(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
