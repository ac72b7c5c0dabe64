using System.Collections.Immutable;
using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>
/// Qwen3.5: three of four blocks mix with the gated delta rule (<see cref="DeltaRuleMixer"/>), every fourth with full attention whose queries and keys are
/// normed, of whose heads a quarter rotates, and which has an output gate (<see cref="AttentionMixer"/>). All norms but the delta rule's own are stored as w of
/// <code>
/// RMSNorm(x) = (1 + w) x / rms(x)
/// </code>
/// The configuration is flat, or nested under <c>text_config</c> in files that hold a vision tower too.
/// </summary>
internal sealed class Qwen35 : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["qwen3_5", "qwen3_5_text"];

    public override string Architecture => "qwen35";

    public override ModelConfig Read(ConfigReader root)
    {
        var text = root.Child("text_config") ?? root;
        root.Refuse("quantization_config", "re-packed quantised weights are not supported; use the bf16, f16 or f32 checkpoint");
        text.Expect("hidden_act", "silu");
        text.Expect("output_gate_type", "swish", "silu");
        text.ExpectFlag("attention_bias", false);
        text.ExpectFlag("attn_output_gate", true);
        var rope = Rotary.Settings(text);
        if (Rotary.Kind(rope) is not "default" and var kind)
            throw new CapvecException($"{text.Path}: rope_type \"{kind}\" is not supported for Qwen3.5; only \"default\" is.");

        var headDim = text.Positive("head_dim");
        var rotary = (int)(headDim * rope.Number("partial_rotary_factor", text.Number("partial_rotary_factor", 0.25)));
        if (rotary % 2 != 0 || rotary < 0)
            throw new CapvecException($"{text.Path}: partial_rotary_factor gives {rotary} rotated dimensions of {headDim}; expected an even number within the head.");
        return new ModelConfig
        {
            Family = "Qwen3.5",
            Hidden = text.Positive("hidden_size"),
            Intermediate = text.Positive("intermediate_size"),
            Vocabulary = text.Positive("vocab_size"),
            Heads = text.Positive("num_attention_heads"),
            KvHeads = text.Positive("num_key_value_heads"),
            HeadDim = headDim,
            RotaryFrequencies = Rotary.Read(text, rotary),
            OutputGate = true,
            QueryKeyNorm = true,
            KeyHeads = text.Positive("linear_num_key_heads"),
            ValueHeads = text.Positive("linear_num_value_heads"),
            KeyDim = text.Positive("linear_key_head_dim"),
            ValueDim = text.Positive("linear_value_head_dim"),
            ConvKernel = text.Positive("linear_conv_kernel_dim"),
            NormEpsilon = (float)text.Number("rms_norm_eps", 1e-6),
            MaxPositions = text.Positive("max_position_embeddings", 262144),
            TiedEmbeddings = text.Flag("tie_word_embeddings", root.Flag("tie_word_embeddings", false)),
            FullAttention = Kinds(text),
            StopTokens = [.. text.Integers("eos_token_id").Concat(root.Integers("eos_token_id")).Distinct()],
        }.Checked(text.Path);
    }

    public override ModelConfig Read(GgufKeys keys)
    {
        var headDim = keys.Positive("attention.key_length");
        var state = keys.Positive("ssm.state_size");
        var valueHeads = keys.Positive("ssm.time_step_rank");
        var inner = keys.Positive("ssm.inner_size");
        var rotary = keys.Positive("rope.dimension_count", headDim);
        if (keys.Positive("attention.value_length", headDim) != headDim || rotary % 2 != 0)
            throw new CapvecException($"{keys.Path}: value_length has to be key_length {headDim}, and rope.dimension_count {rotary} an even number.");
        if (inner % valueHeads != 0)
            throw new CapvecException($"{keys.Path}: ssm.inner_size {inner} is not a multiple of ssm.time_step_rank {valueHeads}; the file is broken.");

        // block_count includes the blocks of a multi-token-prediction head.
        var blocks = keys.Positive("block_count") - keys.Positive("nextn_predict_layers", 0);
        var interval = keys.Positive("full_attention_interval", 4);
        var recurrent = keys.Integers("attention.recurrent_layers");
        if (blocks < 1 || recurrent?.Length < blocks)
            throw new CapvecException($"{keys.Path}: block_count less nextn_predict_layers leaves {blocks} blocks, which do not fit the other metadata; the file is broken.");
        return new ModelConfig
        {
            Family = "Qwen3.5",
            Hidden = keys.Positive("embedding_length"),
            Intermediate = keys.Positive("feed_forward_length"),
            Vocabulary = keys.Vocabulary,
            Heads = keys.Positive("attention.head_count"),
            KvHeads = keys.Positive("attention.head_count_kv"),
            HeadDim = headDim,
            RotaryFrequencies = Rotary.Read(keys, rotary),
            OutputGate = true,
            QueryKeyNorm = true,
            KeyHeads = keys.Positive("ssm.group_count"),
            ValueHeads = valueHeads,
            KeyDim = state,
            ValueDim = inner / valueHeads,
            ConvKernel = keys.Positive("ssm.conv_kernel"),
            NormEpsilon = (float)keys.Number("attention.layer_norm_rms_epsilon", 1e-6),
            MaxPositions = keys.Positive("context_length"),
            TiedEmbeddings = !keys.HasTensor("output.weight"),
            FullAttention = [.. Enumerable.Range(0, blocks).Select(i => recurrent is null ? (i + 1) % interval == 0 : recurrent[i] == 0)],
            StopTokens = [.. keys.StopTokens],
        }.Checked(keys.Path);
    }

    // Converters give value heads in the order of their place within the key head, then of the key head; A_log is -exp(A_log) there already.
    public override GgufPlace Place(string name, ModelConfig c)
    {
        var at = name.StartsWith("layers.", StringComparison.Ordinal) ? name[(name.IndexOf('.', 7) + 1)..] : name;
        var place = base.Place(name, c);
        var keys = 2 * c.KeyHeads * c.KeyDim;
        return at switch
        {
            "post_attention_layernorm.weight" => place with { Tensor = place.Tensor.Replace("ffn_norm", "post_attention_norm", StringComparison.Ordinal) },
            "linear_attn.in_proj_qkv.weight" or "linear_attn.conv1d.weight" => place with { Row = row => row < keys ? row : keys + Tiled(row - keys, c.ValueDim) },
            "linear_attn.in_proj_z.weight" => place with { Row = row => Tiled(row, c.ValueDim) },
            "linear_attn.in_proj_b.weight" or "linear_attn.in_proj_a.weight" => place with { Row = row => Tiled(row, 1) },
            "linear_attn.A_log" or "linear_attn.dt_bias" => place with { Column = column => Tiled(column, 1) },
            "linear_attn.out_proj.weight" => place with { Column = column => Tiled(column, c.ValueDim) },
            _ => place,
        };

        int Tiled(int index, int width)
        {
            var (head, perKey) = (index / width, c.ValueHeads / c.KeyHeads);
            return (((head % perKey * c.KeyHeads) + (head / perKey)) * width) + (index % width);
        }
    }

    public override void FromCheckpoint(string name, Span<float> values)
    {
        if (IsDecay(name))
        {
            foreach (ref var value in values)
                value = -MathF.Exp(value);
        }
        else if (IsZeroCentred(name))
        {
            foreach (ref var value in values)
                value++;
        }
    }

    public override void ToCheckpoint(string name, Span<float> values)
    {
        if (IsDecay(name))
        {
            foreach (ref var value in values)
                value = Logarithm(-value);
        }
        else if (IsZeroCentred(name))
        {
            foreach (ref var value in values)
                value--;
        }
    }

    public override Block Load(IBlockWeights weights, ModelConfig c, int layer)
    {
        if (c.FullAttention[layer])
            return AttentionBlock(weights, c, layer);
        var at = $"layers.{layer}.";
        var mixer = at + "linear_attn.";
        weights.Refuse(mixer + "in_proj_qkvz.weight", "the layout of qwen3_next, not of Qwen3.5; that model is not supported");
        var valueDim = c.ValueHeads * c.ValueDim;
        return new Block
        {
            InputNorm = weights.Vector(at + "input_layernorm.weight", c.Hidden),
            MixerIn = weights.Stack(c.Hidden, bias: false, (mixer + "in_proj_qkv", c.ConvDim), (mixer + "in_proj_z", valueDim), (mixer + "in_proj_b", c.ValueHeads), (mixer + "in_proj_a", c.ValueHeads)),
            ConvTaps = weights.Taps(mixer + "conv1d.weight", c.ConvDim, c.ConvKernel),
            NegativeA = weights.Read(mixer + "A_log", c.ValueHeads),
            DtBias = weights.Read(mixer + "dt_bias", c.ValueHeads),
            GatedNorm = weights.Vector(mixer + "norm.weight", c.ValueDim),
            MixerOut = weights.Stack(valueDim, bias: false, (mixer + "out_proj", c.Hidden)),
            MlpNorm = weights.Vector(at + "post_attention_layernorm.weight", c.Hidden),
            MlpIn = MlpIn(weights, c, at),
            MlpOut = MlpOut(weights, c, at),
        };
    }

    private static ImmutableArray<bool> Kinds(ConfigReader text)
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

    private static bool IsDecay(string name) => name.EndsWith("linear_attn.A_log", StringComparison.Ordinal);

    private static bool IsZeroCentred(string name) => name.EndsWith("norm.weight", StringComparison.Ordinal) && !name.EndsWith("linear_attn.norm.weight", StringComparison.Ordinal);

    // A number whose exponential is the given one, bit for bit where there is such a number near the logarithm; of several the one that bf16 holds.
    private static float Logarithm(float value)
    {
        var logarithm = MathF.Log(value);
        var coarse = BitConverter.UInt32BitsToSingle((uint)Formats.Tensors.ElementConversion.ToBFloat16(logarithm) << 16);
        if (MathF.Exp(coarse) == value)
            return coarse;
        var (below, above) = (logarithm, logarithm);
        for (var step = 0; step < 8 && MathF.Exp(below) != value && MathF.Exp(above) != value; step++)
            (below, above) = (MathF.BitDecrement(below), MathF.BitIncrement(above));
        return MathF.Exp(below) == value ? below : MathF.Exp(above) == value ? above : logarithm;
    }
}
