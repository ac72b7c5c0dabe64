namespace Capvec.Engine.Tests.Goldens;

internal static class Compare
{
    /// <summary>Each row of width <paramref name="width"/> is within a relative L2 error.</summary>
    public static void Rows(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int width, double tolerance, string what)
    {
        foreach (var (row, error) in Errors(actual, expected, width, what).Index())
            error.ShouldBeLessThan(tolerance, $"{what}, row {row}");
    }

    /// <summary>The mean over rows of the relative L2 error is within a tolerance.</summary>
    public static void Mean(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int width, double tolerance, string what) =>
        Errors(actual, expected, width, what).Average().ShouldBeLessThan(tolerance, what);

    public static void Absolute(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (var i = 0; i < actual.Length; i++)
            Math.Abs((double)actual[i] - expected[i]).ShouldBeLessThan(tolerance, $"{what}, entry {i}");
    }

    private static double[] Errors(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected, int width, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        var errors = new double[actual.Length / width];
        for (var row = 0; row < errors.Length; row++)
        {
            double difference = 0, length = 0;
            for (var i = row * width; i < (row + 1) * width; i++)
            {
                difference += Math.Pow((double)actual[i] - expected[i], 2);
                length += (double)expected[i] * expected[i];
            }

            errors[row] = Math.Sqrt(difference / Math.Max(length, 1e-30));
        }

        return errors;
    }
}
