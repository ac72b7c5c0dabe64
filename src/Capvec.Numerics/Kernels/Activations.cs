namespace Capvec.Numerics.Kernels;

/// <summary>What activations are in products with quantised weights. Weights in float32, bf16 and f16 always meet float32.</summary>
public enum Activations
{
    /// <summary>Rounded to 14 bits and a sign, one scale for 256 columns.</summary>
    Int16,

    /// <summary>
    /// Rounded to 7 bits and a sign, one scale for 32 columns: what llama.cpp does. Up to twice as fast as <see cref="Int16"/> with AVX512-VNNI, slower without. 12-bit blocks
    /// have no such kernel and meet 14 bits.
    /// </summary>
    Int8,

    /// <summary>As they are: the file's weights without any rounding of ours, the slowest.</summary>
    Float32,
}
