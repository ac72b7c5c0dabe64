namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>What a <see cref="WordTile"/> reads as weights. The formats are read from the panel and unpacked on the way.</summary>
internal enum WordSource
{
    /// <summary>16-bit pairs (<see cref="Quantised.UnpackedChunk"/>), a scale for 32 columns.</summary>
    Pairs,

    /// <summary>16-bit pairs, a scale for 16 columns.</summary>
    HalfBlockPairs,

    /// <summary>A panel of 12-bit blocks, whose pairs are what they are here.</summary>
    Block12,

    /// <summary>A q8_0 panel.</summary>
    Q8_0,

    /// <summary>A q4_0 panel.</summary>
    Q4_0,

    /// <summary>The nibbles of a q4_K panel; scales and minima are read as those of pairs.</summary>
    Q4_K,

    /// <summary>The blocks of a q6_K panel; scales are read as those of pairs.</summary>
    Q6_K,
}
