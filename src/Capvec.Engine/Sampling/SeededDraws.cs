using Capvec.Numerics.Randomness;

namespace Capvec.Engine.Sampling;

/// <summary>Random numbers by counter: the n-th draw of a seed is a function of both alone.</summary>
public static class SeededDraws
{
    /// <summary>64 bits of a seed and a counter. The seed is mixed first, so that neighbouring seeds do not give shifted streams.</summary>
    public static ulong Bits(ulong seed, ulong counter) => SplitMix64.At(SplitMix64.At(seed, 0), counter);

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, ulong counter) => SplitMix64.Uniform(Bits(seed, counter));

    /// <summary>The n-th of independent Gaussian draws of mean 0 and variance 1, by Box and Muller's transform of the uniform draws 2n and 2n + 1.</summary>
    public static double Gaussian(ulong seed, ulong n) =>
        Math.Sqrt(-2 * Math.Log(1 - Uniform(seed, 2 * n))) * Math.Cos(2 * Math.PI * Uniform(seed, (2 * n) + 1));
}
