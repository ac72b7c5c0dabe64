namespace Capvec.Numerics.Kernels;

/// <summary>How packed weights are kept.</summary>
public enum WeightFormat
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, the upper half of a float32; widened without loss inside the kernel.</summary>
    BFloat16,
}
