namespace Capvec.Engine.Benchmarks.RandomModels;

/// <summary>What a random tensor is for, which decides its values and how GGUF keeps it.</summary>
internal enum RandomTensorKind
{
    /// <summary>A matrix with values around 1 / sqrt(columns); the only kind that is quantised.</summary>
    Matrix,

    /// <summary>The embedding, which is the output matrix too.</summary>
    Embedding,

    /// <summary>The multiplier of a norm, kept as its distance from 1; GGUF keeps the multiplier.</summary>
    Norm,

    /// <summary>The multiplier of the delta rule's gated norm, kept whole in both.</summary>
    GatedNorm,

    /// <summary>Taps of the convolution [channels, 1, taps]; GGUF leaves out the 1.</summary>
    Convolution,

    /// <summary>The bias of the delta rule's time step.</summary>
    TimeStep,

    /// <summary>ln A of the delta rule's decay; GGUF keeps -A.</summary>
    DecayLog,
}
