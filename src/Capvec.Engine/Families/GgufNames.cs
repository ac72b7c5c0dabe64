using System.Collections.Frozen;

namespace Capvec.Engine.Families;

/// <summary>What GGUF files call the tensors that checkpoints call otherwise.</summary>
internal static class GgufNames
{
    private static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["embed_tokens"] = "token_embd",
        ["norm"] = "output_norm",
        ["lm_head"] = "output",
        ["input_layernorm"] = "attn_norm",
        ["post_attention_layernorm"] = "ffn_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["linear_attn.in_proj_qkv"] = "attn_qkv",
        ["linear_attn.in_proj_z"] = "attn_gate",
        ["linear_attn.in_proj_b"] = "ssm_beta",
        ["linear_attn.in_proj_a"] = "ssm_alpha",
        ["linear_attn.conv1d"] = "ssm_conv1d",
        ["linear_attn.dt_bias"] = "ssm_dt.bias",
        ["linear_attn.A_log"] = "ssm_a",
        ["linear_attn.norm"] = "ssm_norm",
        ["linear_attn.out_proj"] = "ssm_out",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The names of all matrices in blocks that an adapter may change, those of either kind of mixer for each block.</summary>
    public static IEnumerable<string> Projections(int blocks) => Enumerable.Range(0, blocks)
        .SelectMany(block => Names.Keys.Where(name => name.Contains("_proj", StringComparison.Ordinal)).Select(name => $"layers.{block}.{name}"));

    /// <summary>The GGUF name of a tensor: <c>layers.3.self_attn.q_proj.weight</c> is <c>blk.3.attn_q.weight</c>. A name without a counterpart stays as it is.</summary>
    public static string Of(string name)
    {
        var (prefix, rest) = ("", name);
        if (name.StartsWith("layers.", StringComparison.Ordinal) && name.IndexOf('.', 7) is > 0 and var dot)
            (prefix, rest) = ($"blk.{name[7..dot]}.", name[(dot + 1)..]);
        var suffix = new[] { ".weight", ".bias" }.FirstOrDefault(s => rest.EndsWith(s, StringComparison.Ordinal)) ?? "";
        return Names.TryGetValue(rest[..^suffix.Length], out var known) ? prefix + known + suffix : name;
    }
}
