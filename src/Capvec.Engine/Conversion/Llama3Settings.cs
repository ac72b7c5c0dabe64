using System.Collections.Immutable;
using Capvec.Engine.Families;

namespace Capvec.Engine.Conversion;

/// <summary>The settings of Llama 3's rule of stretched frequencies (<see cref="Rotary.Llama3"/>), found from what it makes.</summary>
/// <param name="Factor">What the slowest frequencies are divided by.</param>
/// <param name="Low">low_freq_factor: 1, since only its ratio to the context shows.</param>
/// <param name="High">high_freq_factor.</param>
/// <param name="Context">original_max_position_embeddings.</param>
internal sealed record Llama3Settings(double Factor, double Low, double High, int Context)
{
    // That of all Llama 3.x models.
    private const int PublishedContext = 8192;

    // What the factors of a file, which are float32, may be off by.
    private const double Tolerance = 1e-5;

    /// <summary>Finds the settings; null where the rule does not make these divisors.</summary>
    /// <param name="divisors">What each frequency is divided by.</param>
    /// <param name="plain">The frequencies.</param>
    /// <remarks>
    /// Between its two ends the rule is linear in f: with 1/divisor = (1 - s)/factor + s, <c>s = (f c / 2 pi - low) / (high - low)</c>. With low = 1 two such points give high and c.
    /// </remarks>
    public static Llama3Settings? Of(IReadOnlyList<float> divisors, ImmutableArray<float> plain)
    {
        double factor = divisors[^1];
        if (!(factor > 1))
            return null;
        double Part(int i) => ((1 / divisors[i]) - (1 / factor)) / (1 - (1 / factor));
        int[] between = [.. Enumerable.Range(0, plain.Length).Where(i => Part(i) is > 0.001 and < 0.999)];
        if (between.Length < 2)
            return new Llama3Settings(factor, 1, 4, PublishedContext) is var published && published.Makes(divisors, plain) ? published : null;
        var (first, last) = (between[0], between[^1]);
        var slope = (Part(first) - Part(last)) / (plain[first] - plain[last]);
        var offset = Part(first) - (slope * plain[first]);

        // slope = c / (2 pi (high - 1)), offset = -1 / (high - 1).
        var high = 1 - (1 / offset);
        var context = Math.Round(slope * 2 * Math.PI * (high - 1));
        if (!double.IsFinite(high) || context is not (> 0 and <= int.MaxValue))
            return null;
        var found = new Llama3Settings(factor, 1, high, (int)context);
        var rounded = found with { High = Math.Round(high, 3) };
        return rounded.Makes(divisors, plain) ? rounded : found.Makes(divisors, plain) ? found : null;
    }

    private bool Makes(IReadOnlyList<float> divisors, ImmutableArray<float> plain) => plain
        .Select((f, i) => Math.Abs((f / Rotary.Llama3(f, Factor, Low, High, Context) / divisors[i]) - 1))
        .All(error => error <= Tolerance);
}
