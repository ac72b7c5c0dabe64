namespace Capvec.Numerics.Kernels.Emitted;

/// <summary>What a <see cref="ByteTile"/> reads as weights. The formats are read from the panel and unpacked on the way; for tiles that follow, the first one writes quads down.</summary>
internal enum ByteSource
{
    /// <summary>Quads (<see cref="Quantised.QuadUnpacking"/>), a scale for 32 columns.</summary>
    Quads,

    /// <summary>Quads, a scale for 16 columns.</summary>
    HalfBlockQuads,

    /// <summary>A q8_0 panel.</summary>
    Q8_0,

    /// <summary>A q4_0 panel.</summary>
    Q4_0,

    /// <summary>The nibbles of a q4_K panel; scales and minima are read as those of quads.</summary>
    Q4_K,

    /// <summary>The blocks of a q6_K panel; scales are read as those of quads.</summary>
    Q6_K,
}
