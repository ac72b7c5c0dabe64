using Capvec.Numerics.Randomness;

namespace Capvec.Engine.Sampling;

/// <summary>Random numbers by counter: the n-th draw of a seed is a function of both alone.</summary>
public static class SeededDraws
{
    /// <summary>64 bits of a seed and a counter. The seed is mixed first, so that neighbouring seeds do not give shifted streams.</summary>
    public static ulong Bits(ulong seed, ulong counter) => SplitMix64.At(SplitMix64.At(seed, 0), counter);

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, ulong counter) => SplitMix64.Uniform(Bits(seed, counter));
}
