using System.Collections.Immutable;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>The frequencies of rotary position embeddings, and the ways in which families stretch them to longer contexts.</summary>
internal static class Rotary
{
    /// <summary>The tensor of GGUF files that holds what Llama 3's rule divides each frequency by.</summary>
    public const string GgufFactors = "rope_freqs.weight";

    /// <summary><c>f_i = theta^(-2i/R)</c> for i &lt; R/2.</summary>
    public static ImmutableArray<float> Frequencies(int rotaryDim, double theta) =>
        [.. Enumerable.Range(0, rotaryDim / 2).Select(i => 1f / (float)Math.Pow(theta, (float)(2 * i) / rotaryDim))];

    /// <summary>
    /// Llama 3's rule for a wavelength <c>w = 2 pi / f</c> and the context c it was first trained with:
    /// <code>
    /// w &lt; c/high   f
    /// w &gt; c/low    f / factor
    /// between      (1 - s) f / factor + s f,   s = (c/w - low) / (high - low)
    /// </code>
    /// </summary>
    public static float Llama3(float frequency, double factor, double low, double high, double context)
    {
        var wave = 2 * Math.PI / frequency;
        if (wave < context / high)
            return frequency;
        if (wave > context / low)
            return (float)(frequency / factor);
        var s = ((context / wave) - low) / (high - low);
        return (float)(((1 - s) * frequency / factor) + (s * frequency));
    }

    /// <summary>Reads theta and scaling of a config.json, in the old spelling (rope_theta, rope_scaling) or the new one (rope_parameters).</summary>
    /// <param name="text">The text model's part of config.json.</param>
    /// <param name="rotaryDim">Dimensions that rotate; even.</param>
    /// <exception cref="CapvecException">The kind of scaling is not supported, or its numbers are missing or wrong.</exception>
    public static ImmutableArray<float> Read(ConfigReader text, int rotaryDim)
    {
        var rope = Settings(text);
        var plain = Frequencies(rotaryDim, rope.Number("rope_theta", text.Number("rope_theta", 10000)));
        switch (Kind(rope))
        {
            case "default":
                return plain;
            case "linear":
                var divisor = Above(text, rope, "factor", 0);
                return [.. plain.Select(f => (float)(f / divisor))];
            case "llama3":
                var factor = Above(text, rope, "factor", 0);
                var low = Above(text, rope, "low_freq_factor", 0);
                var high = Above(text, rope, "high_freq_factor", low);
                var context = rope.Positive("original_max_position_embeddings");
                return [.. plain.Select(f => Llama3(f, factor, low, high, context))];
            case var other:
                throw new CapvecException($"{text.Path}: rope_type \"{other}\" is not supported; \"default\", \"linear\" and \"llama3\" are.");
        }
    }

    /// <summary>Reads theta and scaling of GGUF metadata.</summary>
    /// <exception cref="CapvecException">The kind of scaling is not supported.</exception>
    public static ImmutableArray<float> Read(GgufKeys keys, int rotaryDim)
    {
        var plain = Frequencies(rotaryDim, keys.Number("rope.freq_base", 10000));
        var kind = keys.Text("rope.scaling.type", "none");
        var divisor = kind switch
        {
            "none" => 1,
            "linear" when keys.Number("rope.scaling.factor", 0) is > 0 and var factor => factor,
            "linear" => throw new CapvecException($"{keys.Path}: rope.scaling.factor of the linear scaling is missing or not above 0."),
            _ => throw new CapvecException($"{keys.Path}: rope.scaling.type \"{kind}\" is not supported; \"none\" and \"linear\" are."),
        };
        if (!keys.HasTensor(GgufFactors))
            return [.. plain.Select(f => (float)(f / divisor))];
        var factors = keys.Tensor(GgufFactors);
        if (factors.Length != plain.Length)
            throw new CapvecException($"{keys.Path}: {GgufFactors} has {factors.Length} factors; a head of {rotaryDim} needs {plain.Length}.");
        return [.. plain.Zip(factors, (f, by) => (float)(f / divisor / by))];
    }

    /// <summary>Where config.json keeps the rotary settings.</summary>
    public static ConfigReader Settings(ConfigReader text) => text.Child("rope_parameters") ?? text.Child("rope_scaling") ?? text;

    /// <summary>The kind of scaling; "default" where none is named.</summary>
    public static string Kind(ConfigReader rope) => rope.Text("rope_type", rope.Text("type", "default"));

    private static double Above(ConfigReader text, ConfigReader rope, string key, double limit) => rope.Number(key) is var value && value > limit
        ? value
        : throw new CapvecException($"{text.Path}: \"{key}\" of the rotary scaling is {value}; expected more than {limit}.");
}
