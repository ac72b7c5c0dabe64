using Capvec.Engine.Loading;
using Capvec.Engine.Network;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Families;

/// <summary>
/// What is particular to a family of models: how its configuration becomes a <see cref="ModelConfig"/>, and how its tensors become the parts of a block.
/// The forward pass is the same for all (<see cref="TextNetwork"/>).
/// </summary>
/// <remarks>
/// Tensors go by the names of a Hugging Face checkpoint without the prefix "model.", such as <c>layers.3.self_attn.q_proj.weight</c>, whatever file they come
/// from. Norm weights are whole multipliers.
/// </remarks>
internal abstract class ModelFamily
{
    /// <summary>The values of model_type in config.json that mean this family.</summary>
    public abstract IReadOnlyList<string> ModelTypes { get; }

    /// <summary>The value of general.architecture in GGUF files that means this family.</summary>
    public abstract string Architecture { get; }

    /// <summary>Reads the shape from config.json.</summary>
    /// <param name="root">The whole file.</param>
    /// <exception cref="CapvecException">A key is missing or wrong, or a setting would be computed wrongly.</exception>
    public abstract ModelConfig Read(ConfigReader root);

    /// <summary>Reads the shape from GGUF metadata.</summary>
    /// <exception cref="CapvecException">A key is missing or wrong, or a setting would be computed wrongly.</exception>
    public abstract ModelConfig Read(GgufKeys keys);

    /// <summary>Where a GGUF file of this family keeps a tensor. Its norms are whole multipliers already.</summary>
    public virtual GgufPlace Place(string name, ModelConfig c) => new(GgufNames.Of(name));

    /// <summary>Turns the values of a vector as a checkpoint stores them into those that the network multiplies with. Most families store the same.</summary>
    public virtual void FromCheckpoint(string name, Span<float> values)
    {
    }

    /// <summary>The opposite of <see cref="FromCheckpoint"/>: values that give the same multipliers when they are read again.</summary>
    public virtual void ToCheckpoint(string name, Span<float> values)
    {
    }

    /// <summary>Loads the weights of a block.</summary>
    public virtual Block Load(IBlockWeights weights, ModelConfig c, int layer) => AttentionBlock(weights, c, layer);

    /// <summary>A block of full attention and SwiGLU under the names that all families share.</summary>
    protected static Block AttentionBlock(IBlockWeights weights, ModelConfig c, int layer)
    {
        var at = $"layers.{layer}.";
        var mixer = at + "self_attn.";
        return new Block
        {
            InputNorm = weights.Vector(at + "input_layernorm.weight", c.Hidden),
            MixerIn = weights.Stack(c.Hidden, c.QueryKeyValueBias, (mixer + "q_proj", c.Heads * c.QueryWidth), (mixer + "k_proj", c.KvHeads * c.HeadDim), (mixer + "v_proj", c.KvHeads * c.HeadDim)),
            QueryNorm = c.QueryKeyNorm ? weights.Vector(mixer + "q_norm.weight", c.HeadDim) : null,
            KeyNorm = c.QueryKeyNorm ? weights.Vector(mixer + "k_norm.weight", c.HeadDim) : null,
            MixerOut = weights.Stack(c.Heads * c.HeadDim, bias: false, (mixer + "o_proj", c.Hidden)),
            MlpNorm = weights.Vector(at + "post_attention_layernorm.weight", c.Hidden),
            MlpIn = MlpIn(weights, c, at),
            MlpOut = MlpOut(weights, c, at),
        };
    }

    /// <summary><c>[gate; up]</c> of a SwiGLU MLP.</summary>
    protected static Layers.Projection MlpIn(IBlockWeights weights, ModelConfig c, string at) =>
        weights.Stack(c.Hidden, bias: false, (at + "mlp.gate_proj", c.Intermediate), (at + "mlp.up_proj", c.Intermediate));

    /// <summary>The way back of a SwiGLU MLP.</summary>
    protected static Layers.Projection MlpOut(IBlockWeights weights, ModelConfig c, string at) =>
        weights.Stack(c.Intermediate, bias: false, (at + "mlp.down_proj", c.Hidden));
}
