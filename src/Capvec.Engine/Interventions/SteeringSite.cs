namespace Capvec.Engine.Interventions;

/// <summary>Where in the network an intervention acts. Layer b of every site is the 0-based block b.</summary>
public enum SteeringSite
{
    /// <summary>The output of block b, <c>resid_post[b]</c>: what block b+1 reads, and for the last block what the final norm reads.</summary>
    BlockOutput,

    /// <summary>The output of the token embedding (the layer is ignored).</summary>
    Embedding,

    /// <summary>The output of block b's attention or delta-rule mixer, before it is added to the stream.</summary>
    MixerOutput,

    /// <summary>The output of block b's MLP, before it is added to the stream.</summary>
    MlpOutput,
}
