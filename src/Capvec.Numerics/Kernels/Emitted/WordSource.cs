namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>What a <see cref="WordTile"/> reads as weights.</summary>
internal enum WordSource
{
    /// <summary>16-bit pairs (<see cref="Quantised.UnpackedChunk"/>), a scale for 32 columns.</summary>
    Pairs,

    /// <summary>16-bit pairs, a scale for 16 columns.</summary>
    HalfBlockPairs,

    /// <summary>A q8_0 panel, widened on the way.</summary>
    Q8_0,
}
