using System.Text.Json;
using System.Text.Json.Nodes;
using Capvec.Engine.Families;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Tensors;

namespace Capvec.Engine.Conversion;

/// <summary>A model's shape as config.json and generation_config.json: what <see cref="ModelFamily.Read(ConfigReader)"/> reads, written.</summary>
internal static class FolderConfig
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    /// <summary>Writes both files.</summary>
    /// <param name="keys">The metadata of the GGUF file that the model comes from.</param>
    /// <param name="family">Its family.</param>
    /// <param name="c">Its shape.</param>
    /// <param name="type">How matrices are kept.</param>
    /// <param name="folder">A folder that exists.</param>
    /// <exception cref="CapvecException">Rotary frequencies cannot be said in a config.json, or the folder cannot be written.</exception>
    public static void Write(GgufKeys keys, ModelFamily family, ModelConfig c, ElementType type, string folder)
    {
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(ClassName(family)),
            ["model_type"] = ModelType(family),
            ["dtype"] = NameOf(type),
            ["hidden_size"] = c.Hidden,
            ["intermediate_size"] = c.Intermediate,
            ["vocab_size"] = c.Vocabulary,
            ["num_hidden_layers"] = c.Layers,
            ["num_attention_heads"] = c.Heads,
            ["num_key_value_heads"] = c.KvHeads,
            ["head_dim"] = c.HeadDim,
            ["hidden_act"] = "silu",
            ["rms_norm_eps"] = c.NormEpsilon,
            ["max_position_embeddings"] = c.MaxPositions,
            ["tie_word_embeddings"] = c.TiedEmbeddings,
            ["rope_parameters"] = Rope(keys, c),
            ["eos_token_id"] = Stops(c),
        };
        if (c.KeyHeads > 0)
        {
            config["layer_types"] = new JsonArray([.. c.FullAttention.Select(full => JsonValue.Create(full ? "full_attention" : "linear_attention"))]);
            config["linear_num_key_heads"] = c.KeyHeads;
            config["linear_num_value_heads"] = c.ValueHeads;
            config["linear_key_head_dim"] = c.KeyDim;
            config["linear_value_head_dim"] = c.ValueDim;
            config["linear_conv_kernel_dim"] = c.ConvKernel;
        }

        AtomicFile.WriteText(Path.Combine(folder, "config.json"), config.ToJsonString(Json));
        AtomicFile.WriteText(Path.Combine(folder, "generation_config.json"), new JsonObject { ["eos_token_id"] = Stops(c) }.ToJsonString(Json));
    }

    /// <summary>What config.json calls an element type.</summary>
    public static string NameOf(ElementType type) => type switch
    {
        ElementType.F16 => "float16",
        ElementType.BF16 => "bfloat16",
        _ => "float32",
    };

    private static string ModelType(ModelFamily family) => family.Architecture switch
    {
        "qwen35" => "qwen3_5_text",
        var same => same,
    };

    private static string ClassName(ModelFamily family) => family.Architecture switch
    {
        "llama" => "LlamaForCausalLM",
        "qwen2" => "Qwen2ForCausalLM",
        "qwen3" => "Qwen3ForCausalLM",
        "qwen35" => "Qwen3_5ForCausalLM",
        var other => throw new CapvecException($"a {other} model cannot be written as a Hugging Face folder yet."),
    };

    private static JsonNode? Stops(ModelConfig c) => c.StopTokens switch
    {
        [] => null,
        [var one] => one,
        var several => new JsonArray([.. several.Select(id => JsonValue.Create(id))]),
    };

    private static JsonObject Rope(GgufKeys keys, ModelConfig c)
    {
        var theta = keys.Number("rope.freq_base", 10000);
        var rope = new JsonObject { ["rope_type"] = "default", ["rope_theta"] = theta };
        if (c.KeyHeads > 0)
        {
            rope["partial_rotary_factor"] = (double)c.RotaryDim / c.HeadDim;
            if (keys.Integers("rope.dimension_sections") is { Length: >= 3 } sections)
            {
                rope["mrope_section"] = new JsonArray([.. sections.Take(3).Select(part => JsonValue.Create(part))]);
                rope["mrope_interleaved"] = true;
            }
        }

        if (keys.Text("rope.scaling.type", "none") == "linear")
        {
            rope["rope_type"] = "linear";
            rope["factor"] = keys.Number("rope.scaling.factor", 1);
        }

        if (!keys.HasTensor(Rotary.GgufFactors) || keys.Tensor(Rotary.GgufFactors).All(divisor => divisor == 1))
            return rope;
        var settings = Llama3Settings.Of(keys.Tensor(Rotary.GgufFactors), Rotary.Frequencies(c.RotaryDim, theta))
            ?? throw new CapvecException($"{keys.Path}: {Rotary.GgufFactors} stretches the positions by another rule than Llama 3's, or its settings cannot be told from it; the model cannot be written as a Hugging Face folder.");
        rope["rope_type"] = "llama3";
        rope["factor"] = settings.Factor;
        rope["low_freq_factor"] = settings.Low;
        rope["high_freq_factor"] = settings.High;
        rope["original_max_position_embeddings"] = settings.Context;
        return rope;
    }
}
