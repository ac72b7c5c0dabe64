using System.Runtime.InteropServices;
using Capvec.Numerics.Kernels;
using static Capvec.Numerics.Tests.Products;

namespace Capvec.Numerics.Tests;

/// <summary>Half-precision weights are the same numbers as in float32 panels, to the bit: in registers (one tile of tokens), widened a chunk at a time (more), and where they are not finite.</summary>
public sealed unsafe class HalfGemmTests
{
    public static TheoryData<KernelPath> Paths { get; } = [.. KernelPaths.Supported];

    [Fact]
    public void Every_half_reads_back_as_it_was()
    {
        const int Columns = 1024;
        using var w = new PackedMatrix(65536 / Columns, Columns, WeightFormat.Float16);
        var row = new float[Columns];
        for (var r = 0; r < w.Rows; r++)
            w.SetRow(r, Halves(r * Columns, Columns));
        for (var r = 0; r < w.Rows; r++)
        {
            w.GetRow(r, row);
            Bits(row).ShouldBe(Bits(Halves(r * Columns, Columns)));
        }

        w.IsFinite.ShouldBeFalse();
        w.Bytes.ShouldBe(2 * 65536);
    }

    // One column and activations of 1: each output is a weight as the kernel sees it.
    [Theory]
    [MemberData(nameof(Paths))]
    public void Kernels_see_every_half_as_it_is(KernelPath path)
    {
        foreach (var all in new[] { false, true })
        {
            var halves = Halves(0, 65536).Where(v => all || float.IsFinite(v)).ToArray();
            using var w = Matrix(WeightFormat.Float16, halves.Length, 1, halves);
            w.IsFinite.ShouldBe(!all);
            foreach (var tokens in new[] { 1, 2, 4, 6, 8 })
            {
                var y = Multiply(path, w, [.. Enumerable.Repeat(1f, tokens)], tokens);
                for (var t = 0; t < tokens; t++)
                    y.AsSpan(t * w.Rows, w.Rows).SequenceEqual(halves).ShouldBeTrue();
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Products_are_those_of_float32_panels(KernelPath path)
    {
        var random = new Random(14);
        foreach (var (rows, columns) in new[] { (1, 1), (31, 3), (33, 255), (64, 256), (95, 257), (130, 515), (37, 777) })
        {
            // Any finite half, a tenth of them subnormal.
            var values = Enumerable.Range(0, rows * columns).Select(_ => Half(random.Next(10) == 0 ? random.Next(0x400) : random.Next(0x7C00), random.Next(2))).ToArray();
            Same(path, random, rows, columns, values, isFinite: true, mostTokens: 13);
        }

        // Enough rows that a chunk of their columns serves several panels.
        Same(path, random, 200, 300, [.. Enumerable.Range(0, 200 * 300).Select(_ => Half(random.Next(0x7C00), random.Next(2)))], isFinite: true, mostTokens: 100, fewestTokens: 95);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Infinities_and_NaN_come_out_as_they_do_of_float32_panels(KernelPath path)
    {
        var random = new Random(15);
        var values = Enumerable.Range(0, 70 * 300).Select(_ => (float)(Half)(random.NextDouble() - 0.5)).ToArray();
        (values[5], values[(40 * 300) + 299], values[(69 * 300) + 256]) = (float.PositiveInfinity, float.NegativeInfinity, float.NaN);
        Same(path, random, 70, 300, values, isFinite: false, mostTokens: 13);
    }

    private static void Same(KernelPath path, Random random, int rows, int columns, float[] values, bool isFinite, int mostTokens, int fewestTokens = 1)
    {
        using var halves = Matrix(WeightFormat.Float16, rows, columns, values);
        using var floats = Matrix(WeightFormat.Float32, rows, columns, values);
        halves.IsFinite.ShouldBe(isFinite);
        for (var tokens = fewestTokens; tokens <= mostTokens; tokens++)
        {
            var x = Enumerable.Range(0, tokens * columns).Select(_ => (float)((random.NextDouble() * 2) - 1)).ToArray();
            Bits(Multiply(path, halves, x, tokens)).ShouldBe(Bits(Multiply(path, floats, x, tokens)));
        }
    }

    private static float Half(int magnitude, int sign) => (float)BitConverter.UInt16BitsToHalf((ushort)(magnitude | (sign << 15)));

    private static float[] Halves(int first, int count) => [.. Enumerable.Range(first, count).Select(bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits))];

    private static uint[] Bits(float[] values) => MemoryMarshal.Cast<float, uint>(values).ToArray();

    private static PackedMatrix Matrix(WeightFormat format, int rows, int columns, float[] values)
    {
        var w = new PackedMatrix(rows, columns, format);
        for (var r = 0; r < rows; r++)
            w.SetRow(r, values.AsSpan(r * columns, columns));
        return w;
    }
}
