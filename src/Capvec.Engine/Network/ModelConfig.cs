using System.Collections.Immutable;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Network;

/// <summary>
/// The shape of a text model: what the network needs to know, whatever family and file it comes from. A family fills it in from config.json or from GGUF metadata.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family's name, as it is shown: "Qwen3.5", "Llama".</summary>
    public required string Family { get; init; }

    /// <summary>Width of the residual stream.</summary>
    public required int Hidden { get; init; }

    /// <summary>Width of the MLP.</summary>
    public required int Intermediate { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int Vocabulary { get; init; }

    /// <summary>Query heads of the full-attention blocks.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads of the full-attention blocks; divides <see cref="Heads"/>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of an attention head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Radians a position for each rotated pair: pair i of a head is dimensions i and i + n of the leading 2n, n being the number of frequencies.</summary>
    public required ImmutableArray<float> RotaryFrequencies { get; init; }

    /// <summary>Whether queries come with a gate a head, <c>out = attention * sigmoid(gate)</c>.</summary>
    public bool OutputGate { get; init; }

    /// <summary>Whether queries and keys are normed a head, before the rotation.</summary>
    public bool QueryKeyNorm { get; init; }

    /// <summary>Whether the projections of queries, keys and values have biases.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Key heads of the delta-rule blocks; 0 in families without them, as the four that follow.</summary>
    public int KeyHeads { get; init; }

    /// <summary>Value heads of the delta-rule blocks; a multiple of <see cref="KeyHeads"/>.</summary>
    public int ValueHeads { get; init; }

    /// <summary>Width of a key head.</summary>
    public int KeyDim { get; init; }

    /// <summary>Width of a value head.</summary>
    public int ValueDim { get; init; }

    /// <summary>Taps of the causal convolution.</summary>
    public int ConvKernel { get; init; }

    /// <summary>Epsilon of the norms.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>Most positions.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Whether the output matrix is the embedding when the files hold no lm_head.</summary>
    public required bool TiedEmbeddings { get; init; }

    /// <summary>A flag for each block: true for full attention, false for the gated delta rule.</summary>
    public required ImmutableArray<bool> FullAttention { get; init; }

    /// <summary>End-of-text ids that the configuration names.</summary>
    public required ImmutableArray<int> StopTokens { get; init; }

    /// <summary>Number of blocks.</summary>
    public int Layers => FullAttention.Length;

    /// <summary>Leading dimensions of a head that rotate with the position.</summary>
    public int RotaryDim => 2 * RotaryFrequencies.Length;

    /// <summary>Elements of a head's queries, and of its gate where there is one.</summary>
    public int QueryWidth => OutputGate ? 2 * HeadDim : HeadDim;

    /// <summary>Channels of the convolution: q, k and v of all heads.</summary>
    public int ConvDim => (2 * KeyHeads * KeyDim) + (ValueHeads * ValueDim);

    /// <summary>Refuses sizes that do not fit each other.</summary>
    /// <param name="path">The file they come from, for messages.</param>
    /// <exception cref="CapvecException">Heads cannot be grouped, or more of a head would rotate than there is.</exception>
    internal ModelConfig Checked(string path)
    {
        if (Heads % KvHeads != 0)
            throw new CapvecException($"{path}: num_attention_heads {Heads} is not a multiple of num_key_value_heads {KvHeads}.");
        if (KeyHeads > 0 && ValueHeads % KeyHeads != 0)
            throw new CapvecException($"{path}: linear_num_value_heads {ValueHeads} is not a multiple of linear_num_key_heads {KeyHeads}.");
        if (RotaryDim > HeadDim)
            throw new CapvecException($"{path}: {RotaryDim} dimensions of a head of {HeadDim} would rotate with the position; the head's width or the rotary settings are wrong.");
        return this;
    }
}
