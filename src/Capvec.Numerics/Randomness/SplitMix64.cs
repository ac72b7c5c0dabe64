namespace Capvec.Numerics.Randomness;

/// <summary>
/// Steele, Lea and Flood's SplitMix64 (2014): a stream of 64-bit numbers that is the same for a seed on every machine and in every version,
/// which <see cref="Random"/> does not promise. Any number of the stream can be had by its place in it.
/// </summary>
public sealed class SplitMix64(ulong seed)
{
    private const ulong Step = 0x9E3779B97F4A7C15;
    private ulong _taken;

    /// <summary>The 0-based <paramref name="n"/>-th number of a seed's stream.</summary>
    public static ulong At(ulong seed, ulong n)
    {
        var z = unchecked(seed + (Step * (n + 1)));
        z = unchecked((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9);
        z = unchecked((z ^ (z >> 27)) * 0x94D049BB133111EB);
        return z ^ (z >> 31);
    }

    /// <summary>64 bits as a number in [0, 1), of which 53 count.</summary>
    public static double Uniform(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    /// <summary>The next number, uniform over 64 bits.</summary>
    public ulong Next() => At(seed, _taken++);

    /// <summary>Uniform over 0 to <paramref name="bound"/> - 1 (multiply-shift; the bias is below bound / 2^64).</summary>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)Math.BigMul(Next(), (ulong)bound, out _);
    }

    /// <summary>Uniform over [0, 1), 53 bits.</summary>
    public double Uniform() => Uniform(Next());

    /// <summary>Puts a list into a random order (Fisher and Yates).</summary>
    public void Shuffle<T>(IList<T> list)
    {
        for (var i = list.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (list[i], list[j]) = (list[j], list[i]);
        }
    }
}
