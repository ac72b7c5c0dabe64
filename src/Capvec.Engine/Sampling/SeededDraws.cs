namespace Capvec.Engine.Sampling;

/// <summary>Random numbers by counter: the n-th draw of a seed is a function of both alone (SplitMix64, Steele, Lea and Flood 2014).</summary>
public static class SeededDraws
{
    /// <summary>64 well-mixed bits of a seed and a counter.</summary>
    public static ulong Bits(ulong seed, ulong counter)
    {
        var z = Mix(seed + 0x9E3779B97F4A7C15UL) + (0x9E3779B97F4A7C15UL * (counter + 1));
        return Mix(z);
    }

    /// <summary>A number in [0, 1) with 53 random bits.</summary>
    public static double Uniform(ulong seed, ulong counter) => (Bits(seed, counter) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
