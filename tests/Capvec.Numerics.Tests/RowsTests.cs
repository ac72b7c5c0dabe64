using Capvec.Numerics.Vectors;

namespace Capvec.Numerics.Tests;

public sealed unsafe class RowsTests
{
    // Eight units in the last place of a sum of magnitude 1, times the chain's length over sixteen lanes.
    private const double ReductionTolerance = 1e-5;

    // The exponential is accurate to two units in the last place.
    private const double ExpTolerance = 3e-7;

    [Fact]
    public void Reductions_agree_with_float64_for_every_length()
    {
        var random = new Random(5);
        for (var n = 1; n <= 257; n++)
        {
            var (x, y) = (Values(random, n), Values(random, n));
            fixed (float* px = x, py = y)
            {
                ((double)Rows.Dot(px, py, n)).ShouldBe(x.Zip(y, (a, b) => (double)a * b).Sum(), ReductionTolerance);
                Rows.Max(px, n).ShouldBe(x.Max());
            }
        }
    }

    [Fact]
    public void The_first_of_equal_values_is_found_and_an_absent_one_is_not()
    {
        var random = new Random(7);
        for (var n = 1; n <= 70; n++)
        {
            var x = Enumerable.Range(0, n).Select(_ => (float)random.Next(1, 9)).ToArray();
            fixed (float* px = x)
            {
                foreach (var value in Enumerable.Range(0, 10))
                    Rows.IndexOf(px, value, n).ShouldBe(Array.IndexOf(x, value));
            }
        }
    }

    [Fact]
    public void A_row_has_the_same_bits_at_any_address()
    {
        var x = Values(new Random(9), 300);
        fixed (float* px = x)
        {
            var expected = Rows.SumOfSquares(px, 200);
            var copy = stackalloc float[320];
            for (var shift = 0; shift < 16; shift++)
            {
                new Span<float>(px, 200).CopyTo(new Span<float>(copy + shift, 200));
                Rows.SumOfSquares(copy + shift, 200).ShouldBe(expected);
            }
        }
    }

    [Fact]
    public void Elementwise_functions_agree_with_float64_for_every_length()
    {
        var random = new Random(6);
        for (var n = 1; n <= 257; n++)
        {
            var x = Values(random, n).Select(v => v * 20).ToArray();
            var up = Values(random, n);
            var y = new float[n];
            fixed (float* px = x, pu = up, py = y)
            {
                Rows.Silu(py, px, n);
                for (var i = 0; i < n; i++)
                    ((double)y[i]).ShouldBe(x[i] / (1 + Math.Exp(-x[i])), ExpTolerance * Math.Max(1, Math.Abs(x[i])));
                Rows.SiluTimes(py, px, pu, n);
                for (var i = 0; i < n; i++)
                    ((double)y[i]).ShouldBe(x[i] / (1 + Math.Exp(-x[i])) * up[i], ExpTolerance * Math.Max(1, Math.Abs(x[i])));
                var sum = Rows.ExpSum(py, px, 20, 0.5f, n);
                ((double)sum).ShouldBe(x.Sum(v => Math.Exp((v - 20.0) * 0.5)), 1e-5 * n);
                new Span<float>(pu, n).CopyTo(y);
                Rows.TimesSigmoid(py, px, n);
                for (var i = 0; i < n; i++)
                    ((double)y[i]).ShouldBe(up[i] / (1 + Math.Exp(-(double)x[i])), ExpTolerance);
            }
        }
    }

    [Fact]
    public void A_tail_has_the_bits_that_the_body_would_have()
    {
        var x = Values(new Random(8), 32);
        var (whole, part) = (new float[32], new float[32]);
        fixed (float* px = x, pw = whole, pp = part)
        {
            Rows.Silu(pw, px, 32);
            Rows.Silu(pp, px, 21);
            part.AsSpan(0, 21).ToArray().ShouldBe(whole.AsSpan(0, 21).ToArray());
            Rows.ExpSum(pw, px, 0, 1, 32);
            Rows.ExpSum(pp, px, 0, 1, 21);
            part.AsSpan(0, 21).ToArray().ShouldBe(whole.AsSpan(0, 21).ToArray());
        }
    }

    [Fact]
    public void The_exponential_is_within_two_units_in_the_last_place_of_every_kind_of_number()
    {
        // Every 997th bit pattern: all exponents, both signs, infinities' and not-a-numbers' neighbourhoods.
        const int Count = 1 << 16;
        var (x, y) = (new float[Count], new float[Count]);
        var worst = 0.0;
        for (long pattern = 0; pattern <= uint.MaxValue;)
        {
            for (var i = 0; i < Count; i++, pattern += 997)
                x[i] = BitConverter.UInt32BitsToSingle((uint)pattern);
            fixed (float* px = x, py = y)
                Rows.ExpSum(py, px, 0, 1, Count);
            for (var i = 0; i < Count; i++)
            {
                var exact = Math.Exp(x[i]);
                if (double.IsNaN(exact) || exact > float.MaxValue)
                    y[i].ShouldBe((float)exact);
                else
                    worst = Math.Max(worst, Math.Abs(y[i] - exact) / (MathF.BitIncrement((float)exact) - (float)exact));
            }
        }

        worst.ShouldBeLessThan(2);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(-1000f, 0f)]
    [InlineData(1000f, float.PositiveInfinity)]
    public void The_exponential_is_exact_at_its_ends(float x, float expected) => Rows.Exp(x).ShouldBe(expected);

    [Fact]
    public void Rms_norm_divides_by_the_root_mean_square()
    {
        float[] x = [3, 4], w = [2, 0.5f], y = [0, 0];
        fixed (float* px = x, pw = w, py = y)
            Rows.RmsNorm(py, px, pw, 0, 2);
        var r = 1 / Math.Sqrt(12.5);
        ((double)y[0]).ShouldBe(6 * r, 1e-6);
        ((double)y[1]).ShouldBe(2 * r, 1e-6);
    }

    private static float[] Values(Random random, int n) => [.. Enumerable.Range(0, n).Select(_ => (float)((random.NextDouble() * 2) - 1))];
}
