using Capvec.Engine.Network;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>The keys of config.json that Llama, Qwen2 and Qwen3 share: full attention in every block, rotation of whole heads.</summary>
internal static class DenseConfig
{
    /// <param name="family">Its name.</param>
    /// <param name="text">The text model's part of config.json.</param>
    /// <param name="headDim">Width of a head where head_dim is absent; null for hidden_size / num_attention_heads.</param>
    /// <exception cref="CapvecException">A key is missing or wrong, or a setting would be computed wrongly.</exception>
    public static ModelConfig Read(string family, ConfigReader text, int? headDim = null)
    {
        text.Refuse("quantization_config", "re-packed quantised weights are not supported; use the bf16, f16 or f32 checkpoint");
        text.Expect("hidden_act", "silu");
        text.ExpectFlag("mlp_bias", false);
        text.ExpectFlag("use_sliding_window", false);
        var heads = text.Positive("num_attention_heads");
        var hidden = text.Positive("hidden_size");
        var width = text.Positive("head_dim", headDim ?? Math.Max(1, hidden / heads));
        if (width % 2 != 0)
            throw new CapvecException($"{text.Path}: heads are {width} wide; expected an even number, since the dimensions rotate in pairs.");
        var layers = text.Positive("num_hidden_layers");
        if (text.Strings("layer_types") is { } kinds && (kinds.Count != layers || kinds.Any(kind => kind != "full_attention")))
            throw new CapvecException($"{text.Path}: layer_types is not {layers} times \"full_attention\"; blocks with a sliding window are not supported.");
        return new ModelConfig
        {
            Family = family,
            Hidden = hidden,
            Intermediate = text.Positive("intermediate_size"),
            Vocabulary = text.Positive("vocab_size"),
            Heads = heads,
            KvHeads = text.Positive("num_key_value_heads", heads),
            HeadDim = width,
            RotaryFrequencies = Rotary.Read(text, width),
            NormEpsilon = (float)text.Number("rms_norm_eps", 1e-6),
            MaxPositions = text.Positive("max_position_embeddings"),
            TiedEmbeddings = text.Flag("tie_word_embeddings", false),
            FullAttention = [.. Enumerable.Repeat(true, layers)],
            StopTokens = [.. text.Integers("eos_token_id")],
        }.Checked(text.Path);
    }

    /// <summary>The same from GGUF metadata.</summary>
    /// <exception cref="CapvecException">A key is missing or wrong, or a setting would be computed wrongly.</exception>
    public static ModelConfig Read(string family, GgufKeys keys)
    {
        keys.Refuse("expert_count", "mixtures of experts are not supported");
        keys.Refuse("attention.sliding_window", "attention within a window is not supported; use a model without it");
        var heads = keys.Positive("attention.head_count");
        var hidden = keys.Positive("embedding_length");
        var width = keys.Positive("attention.key_length", Math.Max(1, hidden / heads));
        if (keys.Positive("attention.value_length", width) != width || keys.Positive("rope.dimension_count", width) != width || width % 2 != 0)
            throw new CapvecException($"{keys.Path}: key_length {width}, value_length and rope.dimension_count have to be the same even number in a {family} model.");
        return new ModelConfig
        {
            Family = family,
            Hidden = hidden,
            Intermediate = keys.Positive("feed_forward_length"),
            Vocabulary = keys.Vocabulary,
            Heads = heads,
            KvHeads = keys.Positive("attention.head_count_kv", heads),
            HeadDim = width,
            RotaryFrequencies = Rotary.Read(keys, width),
            NormEpsilon = (float)keys.Number("attention.layer_norm_rms_epsilon", 1e-6),
            MaxPositions = keys.Positive("context_length"),
            TiedEmbeddings = !keys.HasTensor("output.weight"),
            FullAttention = [.. Enumerable.Repeat(true, keys.Positive("block_count"))],
            StopTokens = [.. keys.StopTokens],
        }.Checked(keys.Path);
    }
}
