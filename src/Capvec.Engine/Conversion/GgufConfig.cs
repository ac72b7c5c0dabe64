using Capvec.Engine.Families;
using Capvec.Engine.Network;
using Capvec.Formats.Gguf;

namespace Capvec.Engine.Conversion;

/// <summary>A model's shape as GGUF metadata: what <see cref="ModelFamily.Read(GgufKeys)"/> reads, written.</summary>
internal static class GgufConfig
{
    /// <summary>Sets the keys of the architecture.</summary>
    public static void Write(ConfigReader root, ModelConfig c, ModelFamily family, GgufWriter writer)
    {
        var text = root.Child("text_config") ?? root;
        var rope = Rotary.Settings(text);
        void Set(string key, object value) => writer.Set($"{family.Architecture}.{key}", value);
        Set("block_count", (uint)c.Layers);
        Set("context_length", (uint)c.MaxPositions);
        Set("embedding_length", (uint)c.Hidden);
        Set("feed_forward_length", (uint)c.Intermediate);
        Set("attention.head_count", (uint)c.Heads);
        Set("attention.head_count_kv", (uint)c.KvHeads);
        Set("attention.key_length", (uint)c.HeadDim);
        Set("attention.value_length", (uint)c.HeadDim);
        Set("attention.layer_norm_rms_epsilon", c.NormEpsilon);
        Set("rope.freq_base", (float)Theta(text));
        Set("rope.dimension_count", (uint)c.RotaryDim);
        Set("vocab_size", (uint)c.Vocabulary);
        if (Rotary.Kind(rope) == "linear")
        {
            Set("rope.scaling.type", "linear");
            Set("rope.scaling.factor", (float)rope.Number("factor"));
        }

        if (c.KeyHeads == 0)
            return;
        Set("rope.dimension_sections", Sections(rope, c.RotaryDim / 2));
        Set("ssm.conv_kernel", (uint)c.ConvKernel);
        Set("ssm.state_size", (uint)c.KeyDim);
        Set("ssm.group_count", (uint)c.KeyHeads);
        Set("ssm.time_step_rank", (uint)c.ValueHeads);
        Set("ssm.inner_size", (uint)(c.ValueHeads * c.ValueDim));
        if (Interval(c) is { } interval)
            Set("full_attention_interval", (uint)interval);
        else
            Set("attention.recurrent_layers", c.FullAttention.Select(full => !full).ToArray());
    }

    /// <summary>What Llama 3's rule divides each frequency by; null where nothing is stretched that way.</summary>
    public static float[]? RotaryFactors(ConfigReader root, ModelConfig c)
    {
        var text = root.Child("text_config") ?? root;
        if (Rotary.Kind(Rotary.Settings(text)) != "llama3")
            return null;
        return [.. Rotary.Frequencies(c.RotaryDim, Theta(text)).Zip(c.RotaryFrequencies, (plain, stretched) => plain / stretched)];
    }

    private static double Theta(ConfigReader text) => Rotary.Settings(text).Number("rope_theta", text.Number("rope_theta", 10000));

    // How the rotated pairs are shared out among the three positions of an image's token. For text the three are equal; their sum has to be right.
    private static int[] Sections(ConfigReader rope, int pairs)
    {
        var given = rope.Integers("mrope_section");
        var sides = (pairs + 1) / 3;
        return given.Count == 3 && given.Sum() == pairs ? [.. given, 0] : [sides, sides, pairs - (2 * sides), 0];
    }

    // Every so many blocks one has full attention; null where the blocks follow no such rule.
    private static int? Interval(ModelConfig c)
    {
        var interval = c.FullAttention.IndexOf(true) + 1;
        return interval > 0 && c.FullAttention.Select((full, i) => full == ((i + 1) % interval == 0)).All(fits => fits) ? interval : null;
    }
}
