namespace Capvec.Engine.Tests.Goldens;

internal static class Compare
{
    /// <summary>Each row of width <paramref name="width"/> is within a relative L2 error.</summary>
    public static void Rows(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int width, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (var start = 0; start < actual.Length; start += width)
        {
            double difference = 0, length = 0;
            for (var i = start; i < start + width; i++)
            {
                difference += Math.Pow((double)actual[i] - expected[i], 2);
                length += (double)expected[i] * expected[i];
            }

            Math.Sqrt(difference / Math.Max(length, 1e-30)).ShouldBeLessThan(tolerance, $"{what}, row {start / width}");
        }
    }

    public static void Absolute(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (var i = 0; i < actual.Length; i++)
            Math.Abs((double)actual[i] - expected[i]).ShouldBeLessThan(tolerance, $"{what}, entry {i}");
    }
}
