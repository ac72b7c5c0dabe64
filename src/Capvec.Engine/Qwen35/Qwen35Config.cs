using System.Collections.Immutable;
using System.Text.Json;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Qwen35;

/// <summary>The shape of a Qwen3.5 text model, from its config.json (flat, or nested under <c>text_config</c>).</summary>
public sealed record Qwen35Config
{
    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int Intermediate { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Query heads of the full-attention blocks.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads of the full-attention blocks; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of an attention head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Leading dimensions of a head that rotate with the position; even.</summary>
    public required int RotaryDim { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public required double RopeTheta { get; init; }

    /// <summary>Key heads of the delta-rule blocks.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Value heads of the delta-rule blocks; a multiple of <see cref="KeyHeads"/>.</summary>
    public required int ValueHeads { get; init; }

    /// <summary>Width of a key head.</summary>
    public required int KeyDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public required int ValueDim { get; init; }

    /// <summary>Taps of the causal convolution.</summary>
    public required int ConvKernel { get; init; }

    /// <summary>Epsilon of the norms.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Most positions.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Whether the output matrix is the embedding when the files hold no lm_head.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>A flag for each block: true for full attention, false for the gated delta rule.</summary>
    public required ImmutableArray<bool> FullAttention { get; init; }

    /// <summary>End-of-text ids that config.json names.</summary>
    public required ImmutableArray<int> StopTokens { get; init; }

    /// <summary>Number of blocks.</summary>
    public int Layers => FullAttention.Length;

    /// <summary>Channels of the convolution: q, k and v of all heads.</summary>
    public int ConvDim => (2 * KeyHeads * KeyDim) + (ValueHeads * ValueDim);

    /// <summary>Reads and checks a config.json.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="json">Its text.</param>
    /// <exception cref="CapvecException">Another architecture, a missing key, or a setting that would be computed wrongly.</exception>
    public static Qwen35Config Parse(string path, string json)
    {
        using var document = Open(path, json);
        var root = new ConfigReader(path, document.RootElement);
        var modelType = root.Text("model_type", "");
        var text = root.Child("text_config") ?? root;
        var innerType = text.Text("model_type", modelType);
        if (modelType is not ("qwen3_5" or "qwen3_5_text") && innerType is not "qwen3_5_text")
            throw new CapvecException($"{path}: model_type \"{modelType}\" is not supported; this version runs qwen3_5 and qwen3_5_text (Qwen3.5 text models). Choose such a model folder.");
        root.Refuse("quantization_config", "re-packed quantised weights are not supported; use the bf16, f16 or f32 checkpoint");
        text.Expect("hidden_act", "silu");
        text.Expect("output_gate_type", "swish", "silu");
        text.ExpectFlag("attention_bias", false);
        text.ExpectFlag("attn_output_gate", true);
        var rope = text.Child("rope_parameters") ?? text.Child("rope_scaling") ?? text;
        var ropeType = rope.Text("rope_type", rope.Text("type", "default"));
        if (ropeType != "default")
            throw new CapvecException($"{path}: rope_type \"{ropeType}\" is not supported for Qwen3.5; only \"default\" is.");

        var headDim = text.Positive("head_dim");
        var rotary = (int)(headDim * rope.Number("partial_rotary_factor", text.Number("partial_rotary_factor", 0.25)));
        var config = new Qwen35Config
        {
            Hidden = text.Positive("hidden_size"),
            Intermediate = text.Positive("intermediate_size"),
            Vocabulary = text.Positive("vocab_size"),
            Heads = text.Positive("num_attention_heads"),
            KvHeads = text.Positive("num_key_value_heads"),
            HeadDim = headDim,
            RotaryDim = rotary,
            RopeTheta = rope.Number("rope_theta", text.Number("rope_theta", 10000)),
            KeyHeads = text.Positive("linear_num_key_heads"),
            ValueHeads = text.Positive("linear_num_value_heads"),
            KeyDim = text.Positive("linear_key_head_dim"),
            ValueDim = text.Positive("linear_value_head_dim"),
            ConvKernel = text.Positive("linear_conv_kernel_dim"),
            NormEpsilon = (float)text.Number("rms_norm_eps", 1e-6),
            MaxPositions = text.Positive("max_position_embeddings", 262144),
            TiedEmbeddings = text.Flag("tie_word_embeddings", root.Flag("tie_word_embeddings", false)),
            FullAttention = Blocks(text),
            StopTokens = [.. text.Integers("eos_token_id").Concat(root.Integers("eos_token_id")).Distinct()],
        };
        config.Check(path);
        return config;
    }

    private static JsonDocument Open(string path, string json)
    {
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw new CapvecException($"{path}: not valid JSON at line {e.LineNumber + 1}; is the download complete?", e);
        }
    }

    private static ImmutableArray<bool> Blocks(ConfigReader text)
    {
        var count = text.Positive("num_hidden_layers");
        var kinds = text.Strings("layer_types");
        if (kinds is null)
        {
            var interval = text.Positive("full_attention_interval", 4);
            return [.. Enumerable.Range(0, count).Select(i => (i + 1) % interval == 0)];
        }

        if (kinds.Count != count)
            throw new CapvecException($"{text.Path}: layer_types has {kinds.Count} entries, but num_hidden_layers is {count}; one of them is wrong.");
        return [.. kinds.Select(kind => kind switch
        {
            "full_attention" => true,
            "linear_attention" => false,
            _ => throw new CapvecException($"{text.Path}: layer_types names \"{kind}\"; expected \"full_attention\" or \"linear_attention\"."),
        })];
    }

    private void Check(string path)
    {
        if (Heads % KvHeads != 0)
            throw new CapvecException($"{path}: num_attention_heads {Heads} is not a multiple of num_key_value_heads {KvHeads}.");
        if (ValueHeads % KeyHeads != 0)
            throw new CapvecException($"{path}: linear_num_value_heads {ValueHeads} is not a multiple of linear_num_key_heads {KeyHeads}.");
        if (RotaryDim % 2 != 0 || RotaryDim < 0 || RotaryDim > HeadDim)
            throw new CapvecException($"{path}: partial_rotary_factor gives {RotaryDim} rotated dimensions of {HeadDim}; expected an even number within the head.");
    }
}
