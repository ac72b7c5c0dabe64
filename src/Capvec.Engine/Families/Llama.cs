using Capvec.Engine.Network;

namespace Capvec.Engine.Families;

/// <summary>
/// Llama 1 to 3.x and models of its shape (SmolLM2, Mistral without a sliding window). A block is
/// <code>
/// u = RMSNorm(h);   q_h, k_j, v_j = W u;          q, k &lt;- rotate(q), rotate(k)      whole heads, Llama 3's frequencies where config.json asks for them
/// h &lt;- h + W_o concat_h(softmax(q_h . k_j / sqrt(D)) v_j)
/// u = RMSNorm(h);   h &lt;- h + W_down(silu(W_gate u) * W_up u)
/// </code>
/// </summary>
internal sealed class Llama : ModelFamily
{
    public override IReadOnlyList<string> ModelTypes { get; } = ["llama", "mistral"];

    public override string Architecture => "llama";

    public override ModelConfig Read(ConfigReader root)
    {
        root.ExpectFlag("attention_bias", false);
        root.Refuse("sliding_window", "attention within a window is not supported; use a model without it");
        return DenseConfig.Read("Llama", root);
    }

    public override ModelConfig Read(GgufKeys keys) => DenseConfig.Read("Llama", keys);

    // llama.cpp rotates neighbours (2i, 2i + 1) of a head, so converters put rows i and i + D/2 of queries and keys side by side.
    public override GgufPlace Place(string name, ModelConfig c) => base.Place(name, c) with
    {
        Row = name.EndsWith("q_proj.weight", StringComparison.Ordinal) || name.EndsWith("k_proj.weight", StringComparison.Ordinal)
            ? row => row - (row % c.HeadDim) + (2 * (row % (c.HeadDim / 2))) + (row % c.HeadDim / (c.HeadDim / 2))
            : null,
    };
}
