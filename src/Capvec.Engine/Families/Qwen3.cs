using Capvec.Engine.Network;

namespace Capvec.Engine.Families;

/// <summary>
/// Qwen3 (dense): Llama with a norm on each head's queries and keys before the rotation, and heads whose width is a setting of its own,
/// <code>
/// q_h, k_j, v_j = W u;   q, k &lt;- rotate(RMSNorm(q)), rotate(RMSNorm(k))
/// </code>
/// </summary>
internal sealed class Qwen3 : ModelFamily
{
    // What the published code takes where config.json has no head_dim: not hidden / heads.
    private const int DefaultHeadDim = 128;

    public override IReadOnlyList<string> ModelTypes { get; } = ["qwen3"];

    public override string Architecture => "qwen3";

    public override ModelConfig Read(ConfigReader root)
    {
        root.ExpectFlag("attention_bias", false);
        return DenseConfig.Read("Qwen3", root, DefaultHeadDim) with { QueryKeyNorm = true };
    }

    public override ModelConfig Read(GgufKeys keys) => DenseConfig.Read("Qwen3", keys) with { QueryKeyNorm = true };
}
