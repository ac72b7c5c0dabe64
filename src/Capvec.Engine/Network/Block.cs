using Capvec.Engine.Layers;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Network;

/// <summary>The weights of one block. Norm weights are the whole multiplier: the 1 of zero-centred norms is added at load.</summary>
internal sealed class Block : IDisposable
{
    /// <summary>[hidden], before the mixer.</summary>
    public required NativeBuffer<float> InputNorm { get; init; }

    /// <summary>[hidden], before the MLP.</summary>
    public required NativeBuffer<float> MlpNorm { get; init; }

    /// <summary>Full attention: <c>[q (and gate) a head; k; v]</c>. Delta rule: <c>[qkv; z; b; a]</c>.</summary>
    public required Projection MixerIn { get; init; }

    /// <summary>o_proj or out_proj.</summary>
    public required Projection MixerOut { get; init; }

    /// <summary><c>[gate; up]</c>.</summary>
    public required Projection MlpIn { get; init; }

    /// <summary>down_proj.</summary>
    public required Projection MlpOut { get; init; }

    /// <summary>Full attention, in families that have it: [head dim], norm of the queries.</summary>
    public NativeBuffer<float>? QueryNorm { get; init; }

    /// <summary>Full attention, in families that have it: [head dim], norm of the keys.</summary>
    public NativeBuffer<float>? KeyNorm { get; init; }

    /// <summary>Delta rule: [taps][channels]; the last tap meets the current token.</summary>
    public NativeBuffer<float>? ConvTaps { get; init; }

    /// <summary>Delta rule: [value heads], <c>-exp(A_log)</c>.</summary>
    public float[]? NegativeA { get; init; }

    /// <summary>Delta rule: [value heads].</summary>
    public float[]? DtBias { get; init; }

    /// <summary>Delta rule: [value dim], the gated norm's plain multiplier.</summary>
    public NativeBuffer<float>? GatedNorm { get; init; }

    public void Dispose()
    {
        foreach (var part in new IDisposable?[] { InputNorm, MlpNorm, MixerIn, MixerOut, MlpIn, MlpOut, QueryNorm, KeyNorm, ConvTaps, GatedNorm })
            part?.Dispose();
    }
}
