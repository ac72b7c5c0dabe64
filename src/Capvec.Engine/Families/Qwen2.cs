using Capvec.Engine.Network;

namespace Capvec.Engine.Families;

/// <summary>
/// Qwen2 and Qwen2.5: Llama with biases on queries, keys and values,
/// <code>
/// q_h, k_j, v_j = W u + b;   q, k &lt;- rotate(q), rotate(k)
/// </code>
/// </summary>
internal sealed class Qwen2 : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["qwen2"];

    public override string Architecture => "qwen2";

    public override ModelConfig Read(ConfigReader root) => DenseConfig.Read("Qwen2", root) with { QueryKeyValueBias = true };

    public override ModelConfig Read(GgufKeys keys) => DenseConfig.Read("Qwen2", keys) with { QueryKeyValueBias = true };
}
