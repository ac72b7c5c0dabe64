using Capvec.Numerics.Randomness;

namespace Capvec.Experiments.Statistics;

/// <summary>
/// The sign-flip permutation test of paired differences, one a task: under the null the arms are exchangeable within each task, so each
/// difference may as well have the other sign. Exact for up to <see cref="MostExact"/> tasks whose difference is not zero.
/// </summary>
public static class SignFlip
{
    /// <summary>Tasks with a difference up to which all sign patterns are enumerated.</summary>
    public const int MostExact = 20;

    /// <summary>Random sign patterns drawn beyond that.</summary>
    public const int Draws = 100_000;

    /// <summary>
    /// Two-sided p: the share of sign patterns whose sum is at least as far from zero as the observed one. Drawn patterns give
    /// <c>(1 + hits) / (1 + draws)</c>, which is never too small (Phipson and Smyth 2010). 1 where every difference is zero.
    /// </summary>
    /// <param name="differences">One a task.</param>
    /// <param name="seed">Seed of the drawn patterns; not used by the enumeration.</param>
    public static double TwoSided(IReadOnlyList<double> differences, ulong seed)
    {
        var sizes = differences.Where(d => d != 0).Select(Math.Abs).ToArray();
        if (sizes.Length == 0)
            return 1;
        // Sums that are equal in exact arithmetic may differ in the last bits, and equal ones count as hits.
        var threshold = Math.Abs(differences.Sum()) - (1e-9 * sizes.Sum());
        if (sizes.Length <= MostExact)
        {
            // A pattern and its mirror image have the same distance from zero: the first sign can stay.
            return Hits(sizes, 1, sizes[0], threshold) / Math.Pow(2, sizes.Length - 1);
        }

        var random = new SplitMix64(seed);
        var hits = 0;
        for (var draw = 0; draw < Draws; draw++)
        {
            var sum = 0.0;
            var bits = 0UL;
            for (var i = 0; i < sizes.Length; i++, bits >>= 1)
            {
                if (i % 64 == 0)
                    bits = random.Next();
                sum += (bits & 1) == 0 ? sizes[i] : -sizes[i];
            }

            if (Math.Abs(sum) >= threshold)
                hits++;
        }

        return (1.0 + hits) / (1.0 + Draws);
    }

    private static double Hits(double[] sizes, int at, double sum, double threshold) => at == sizes.Length
        ? (Math.Abs(sum) >= threshold ? 1 : 0)
        : Hits(sizes, at + 1, sum + sizes[at], threshold) + Hits(sizes, at + 1, sum - sizes[at], threshold);
}
