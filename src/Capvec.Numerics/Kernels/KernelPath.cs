namespace Capvec.Numerics.Kernels;

/// <summary>Which instructions the matrix kernels use. All paths read the same packed weights; each gives the same bits for a row whatever else is in the batch.</summary>
public enum KernelPath
{
    /// <summary>As <see cref="Avx512"/>, with the same bits, but integer tiles use AVX512-VNNI through machine code that we emit: .NET 10 has no intrinsics for it.</summary>
    Vnni,

    /// <summary>512-bit fused multiply-add, 12 accumulators of 16 lanes.</summary>
    Avx512,

    /// <summary>256-bit fused multiply-add, 12 accumulators of 8 lanes.</summary>
    Avx2,

    /// <summary>128-bit vectors of whatever the machine has; multiply, then add.</summary>
    Portable,
}
