using System.Text.Json;
using Capvec.Formats.Errors;
using Capvec.Formats.Files;
using Capvec.Formats.Safetensors;

namespace Capvec.Bench;

/// <summary>Writes a Hugging Face folder with random bf16 weights of a published shape: right for timing, useless for text.</summary>
internal static class RandomModel
{
    public static void Write(string size, string folder)
    {
        var (hidden, intermediate, layers, heads, kvHeads, keyHeads, valueHeads) = size switch
        {
            "0.8B" => (1024, 3584, 24, 8, 2, 16, 16),
            "4B" => (2560, 9216, 32, 16, 4, 16, 32),
            _ => throw new CapvecException($"size \"{size}\" is not known; expected 0.8B or 4B.", exitCode: CapvecException.WrongUsage),
        };
        const int HeadDim = 256, LinearDim = 128, Vocabulary = 248320;
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, "config.json"), JsonSerializer.Serialize(new Dictionary<string, object?>
        {
            ["model_type"] = "qwen3_5_text",
            ["hidden_size"] = hidden,
            ["intermediate_size"] = intermediate,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = kvHeads,
            ["head_dim"] = HeadDim,
            ["linear_num_key_heads"] = keyHeads,
            ["linear_num_value_heads"] = valueHeads,
            ["linear_key_head_dim"] = LinearDim,
            ["linear_value_head_dim"] = LinearDim,
            ["linear_conv_kernel_dim"] = 4,
            ["vocab_size"] = Vocabulary,
            ["rms_norm_eps"] = 1e-6,
            ["tie_word_embeddings"] = true,
            ["max_position_embeddings"] = 262144,
            ["full_attention_interval"] = 4,
            ["rope_parameters"] = new { rope_type = "default", rope_theta = 1e7, partial_rotary_factor = 0.25 },
        }));

        var random = new Random(1);
        var map = new Dictionary<string, string>();
        var convDim = (2 * keyHeads * LinearDim) + (valueHeads * LinearDim);
        var valueDim = valueHeads * LinearDim;
        Shard("embedding", [("model.embed_tokens.weight", [Vocabulary, hidden]), ("model.norm.weight", [hidden])]);
        for (var l = 0; l < layers; l++)
        {
            var at = $"model.layers.{l}.";
            List<(string, long[])> tensors =
            [
                (at + "input_layernorm.weight", [hidden]), (at + "post_attention_layernorm.weight", [hidden]),
                (at + "mlp.gate_proj.weight", [intermediate, hidden]), (at + "mlp.up_proj.weight", [intermediate, hidden]), (at + "mlp.down_proj.weight", [hidden, intermediate]),
            ];
            tensors.AddRange((l + 1) % 4 == 0
                ?
                [
                    (at + "self_attn.q_proj.weight", [2 * heads * HeadDim, hidden]), (at + "self_attn.k_proj.weight", [kvHeads * HeadDim, hidden]), (at + "self_attn.v_proj.weight", [kvHeads * HeadDim, hidden]),
                    (at + "self_attn.o_proj.weight", [hidden, heads * HeadDim]), (at + "self_attn.q_norm.weight", [HeadDim]), (at + "self_attn.k_norm.weight", [HeadDim]),
                ]
                :
                [
                    (at + "linear_attn.in_proj_qkv.weight", [convDim, hidden]), (at + "linear_attn.in_proj_z.weight", [valueDim, hidden]), (at + "linear_attn.in_proj_b.weight", [valueHeads, hidden]),
                    (at + "linear_attn.in_proj_a.weight", [valueHeads, hidden]), (at + "linear_attn.conv1d.weight", [convDim, 1, 4]), (at + "linear_attn.dt_bias", [valueHeads]),
                    (at + "linear_attn.A_log", [valueHeads]), (at + "linear_attn.norm.weight", [LinearDim]), (at + "linear_attn.out_proj.weight", [hidden, valueDim]),
                ]);
            Shard($"layer-{l}", tensors);
        }

        AtomicFile.WriteText(Path.Combine(folder, SafetensorsIndex.FileName), JsonSerializer.Serialize(new { metadata = new { total_size = 0 }, weight_map = map }));

        void Shard(string name, List<(string Name, long[] Shape)> tensors)
        {
            var file = $"model-{name}.safetensors";
            var writer = new SafetensorsWriter();
            foreach (var (tensor, shape) in tensors)
            {
                var count = shape.Aggregate(1L, (a, b) => a * b);
                var values = new float[count];
                var scale = shape.Length > 1 ? 1 / MathF.Sqrt(shape[^1]) : 0.1f;
                for (var i = 0; i < values.Length; i++)
                    values[i] = scale * (random.NextSingle() + random.NextSingle() - 1);
                writer.AddBFloat16(tensor, shape, values);
                map[tensor] = file;
            }

            writer.Write(Path.Combine(folder, file));
            Console.WriteLine(file);
        }
    }
}
