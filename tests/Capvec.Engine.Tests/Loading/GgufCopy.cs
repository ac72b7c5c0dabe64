using System.Text.Json.Nodes;
using Capvec.Engine.Network;
using Capvec.Formats.Gguf;
using Capvec.Formats.Safetensors;

namespace Capvec.Engine.Tests.Loading;

/// <summary>
/// Writes a checkpoint of the fixtures as a GGUF file, in float32, with the names and reorderings of llama.cpp's converter: the opposite of what loading undoes,
/// written as loops over heads.
/// </summary>
internal static class GgufCopy
{
    private static readonly (string From, string To)[] Names =
    [
        ("self_attn.q_proj.", "attn_q."), ("self_attn.k_proj.", "attn_k."), ("self_attn.v_proj.", "attn_v."), ("self_attn.o_proj.", "attn_output."),
        ("self_attn.q_norm.", "attn_q_norm."), ("self_attn.k_norm.", "attn_k_norm."), ("mlp.gate_proj.", "ffn_gate."), ("mlp.up_proj.", "ffn_up."), ("mlp.down_proj.", "ffn_down."),
        ("input_layernorm.", "attn_norm."), ("linear_attn.in_proj_qkv.", "attn_qkv."), ("linear_attn.in_proj_z.", "attn_gate."), ("linear_attn.in_proj_b.", "ssm_beta."),
        ("linear_attn.in_proj_a.", "ssm_alpha."), ("linear_attn.conv1d.", "ssm_conv1d."), ("linear_attn.dt_bias", "ssm_dt.bias"), ("linear_attn.A_log", "ssm_a"), ("linear_attn.norm.", "ssm_norm."),
        ("linear_attn.out_proj.", "ssm_out."), ("embed_tokens.", "token_embd."), ("lm_head.", "output."), ("layers.", "blk."),
    ];

    /// <summary>A writer with everything that belongs into the file.</summary>
    public static GgufWriter Of(string folder, ModelConfig c, string architecture)
    {
        var writer = new GgufWriter().Set("general.architecture", architecture);
        void Set(string key, object value) => writer.Set($"{architecture}.{key}", value);
        Set("block_count", (uint)c.Layers);
        Set("context_length", (uint)c.MaxPositions);
        Set("embedding_length", (uint)c.Hidden);
        Set("feed_forward_length", (uint)c.Intermediate);
        Set("attention.head_count", (uint)c.Heads);
        Set("attention.head_count_kv", (uint)c.KvHeads);
        Set("attention.key_length", (uint)c.HeadDim);
        Set("attention.value_length", (uint)c.HeadDim);
        Set("attention.layer_norm_rms_epsilon", c.NormEpsilon);
        Set("rope.dimension_count", (uint)c.RotaryDim);
        var theta = Theta(folder);
        Set("rope.freq_base", theta);
        if (architecture == "llama")
        {
            var factors = c.RotaryFrequencies.Select((f, i) => (float)(Math.Pow(theta, -2.0 * i / c.RotaryDim) / f)).ToArray();
            writer.Add("rope_freqs.weight", GgufType.F32, [factors.Length], (_, to) => factors.CopyTo(to));
        }

        if (architecture == "qwen35")
        {
            Set("ssm.conv_kernel", (uint)c.ConvKernel);
            Set("ssm.state_size", (uint)c.KeyDim);
            Set("ssm.group_count", (uint)c.KeyHeads);
            Set("ssm.time_step_rank", (uint)c.ValueHeads);
            Set("ssm.inner_size", (uint)(c.ValueHeads * c.ValueDim));
            Set("attention.recurrent_layers", c.FullAttention.Select(full => !full).ToArray());
        }

        writer.Set("tokenizer.ggml.eos_token_id", 2u);
        using var files = SafetensorsFolder.Open(folder);
        foreach (var tensor in files.Tensors.Values)
        {
            if (tensor.Name.StartsWith("mtp.", StringComparison.Ordinal) || tensor.Name.Contains("visual.", StringComparison.Ordinal))
                continue;
            var values = files.ReadFloat32(tensor.Name);
            long[] shape = [.. tensor.Shape.Where(n => n != 1)];
            values = Convert(tensor.Name, values, shape, c, architecture);
            var columns = (int)shape[^1];
            writer.Add(Rename(tensor.Name, architecture), GgufType.F32, shape, (row, to) => values.AsSpan((int)row * columns, to.Length).CopyTo(to));
        }

        return writer;
    }

    private static float Theta(string folder)
    {
        var root = JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "config.json")))!;
        var text = root["text_config"] ?? root;
        return ((text["rope_parameters"] ?? text)["rope_theta"])!.GetValue<float>();
    }

    private static string Rename(string name, string architecture)
    {
        var result = name.Replace("language_model.", "", StringComparison.Ordinal).Replace("model.", "", StringComparison.Ordinal);
        foreach (var (from, to) in Names)
            result = result.Replace(from, to, StringComparison.Ordinal);
        result = result.Replace("post_attention_layernorm.", architecture == "qwen35" ? "post_attention_norm." : "ffn_norm.", StringComparison.Ordinal);
        return result == "norm.weight" ? "output_norm.weight" : result;
    }

    private static float[] Convert(string name, float[] values, long[] shape, ModelConfig c, string architecture)
    {
        bool Is(string part) => name.Contains(part, StringComparison.Ordinal);
        if (architecture == "llama" && (Is("q_proj") || Is("k_proj")))
            return Interleave(values, c.HeadDim, (int)shape[1]);
        if (architecture != "qwen35")
            return values;
        if (name.EndsWith("norm.weight", StringComparison.Ordinal) && !Is("linear_attn.norm"))
            return [.. values.Select(v => v + 1)];
        if (Is("A_log"))
            values = [.. values.Select(v => -MathF.Exp(v))];
        var keys = 2 * c.KeyHeads * c.KeyDim;
        if (Is("in_proj_qkv") || Is("conv1d"))
            return [.. values[..(keys * (int)shape[1])], .. Tile(values[(keys * (int)shape[1])..], c, c.ValueDim * (int)shape[1])];
        if (Is("in_proj_z"))
            return Tile(values, c, c.ValueDim * (int)shape[1]);
        if (Is("in_proj_a") || Is("in_proj_b"))
            return Tile(values, c, (int)shape[1]);
        if (Is("A_log") || Is("dt_bias"))
            return Tile(values, c, 1);
        return Is("out_proj") ? [.. values.Chunk((int)shape[1]).SelectMany(row => Tile(row, c, c.ValueDim))] : values;
    }

    // Within a head: row i beside row i + D/2.
    private static float[] Interleave(float[] values, int headDim, int columns)
    {
        var result = new List<float>();
        foreach (var head in values.Chunk(headDim * columns))
        {
            for (var i = 0; i < headDim / 2; i++)
            {
                result.AddRange(head.AsSpan(i * columns, columns));
                result.AddRange(head.AsSpan((i + (headDim / 2)) * columns, columns));
            }
        }

        return [.. result];
    }

    // Value heads come grouped by key head; they go out as first of every key head, second of every key head, and so on.
    private static float[] Tile(float[] values, ModelConfig c, int width)
    {
        var perKey = c.ValueHeads / c.KeyHeads;
        var result = new List<float>();
        for (var place = 0; place < perKey; place++)
        {
            for (var key = 0; key < c.KeyHeads; key++)
                result.AddRange(values.AsSpan(((key * perKey) + place) * width, width));
        }

        return [.. result];
    }
}
