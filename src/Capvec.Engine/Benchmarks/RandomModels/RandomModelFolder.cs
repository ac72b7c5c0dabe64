using System.Text.Json;
using Capvec.Formats.Files;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>Writes a model with random weights as a Hugging Face folder in bf16, without a tokenizer: right for timing, useless for text.</summary>
public static class RandomModelFolder
{
    /// <summary>Writes the folder, a file a block.</summary>
    /// <param name="shape">The model's shape.</param>
    /// <param name="folder">Made where it is missing.</param>
    /// <param name="progress">Told each file written.</param>
    public static void Write(RandomShape shape, string folder, Action<string>? progress = null)
    {
        OutputFolder.Create(folder);
        var map = new Dictionary<string, string>();
        var bytes = 0L;
        foreach (var (group, tensors) in new RandomWeights(shape).Groups())
        {
            var file = $"model-{group}.safetensors";
            var writer = new SafetensorsWriter();
            foreach (var tensor in tensors)
            {
                var values = new float[tensor.Count];
                RandomWeights.Fill(tensor, 0, values);
                writer.AddBFloat16(tensor.Name, tensor.Shape, values);
                map[tensor.Name] = file;
                bytes += 2 * tensor.Count;
            }

            writer.Write(Path.Combine(folder, file));
            progress?.Invoke(file);
        }

        AtomicFile.WriteText(Path.Combine(folder, "config.json"), Config(shape));
        AtomicFile.WriteText(Path.Combine(folder, SafetensorsIndex.FileName), JsonSerializer.Serialize(new { metadata = new { total_size = bytes }, weight_map = map }));
    }

    private static string Config(RandomShape shape) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["model_type"] = "qwen3_5_text",
        ["hidden_size"] = shape.Hidden,
        ["intermediate_size"] = shape.Intermediate,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KvHeads,
        ["head_dim"] = shape.HeadDim,
        ["linear_num_key_heads"] = shape.KeyHeads,
        ["linear_num_value_heads"] = shape.ValueHeads,
        ["linear_key_head_dim"] = shape.LinearDim,
        ["linear_value_head_dim"] = shape.LinearDim,
        ["linear_conv_kernel_dim"] = RandomShape.ConvKernel,
        ["vocab_size"] = shape.Vocabulary,
        ["rms_norm_eps"] = RandomShape.NormEpsilon,
        ["tie_word_embeddings"] = true,
        ["max_position_embeddings"] = RandomShape.MaxPositions,
        ["full_attention_interval"] = RandomShape.AttentionInterval,
        ["rope_parameters"] = new { rope_type = "default", rope_theta = RandomShape.RopeTheta, partial_rotary_factor = (double)shape.RotaryDim / shape.HeadDim },
    });
}
