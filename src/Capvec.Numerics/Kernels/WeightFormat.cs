namespace Capvec.Numerics.Kernels;

/// <summary>How packed weights are kept. The block formats are those of GGUF, repacked for the kernels; see <see cref="Quantised.PanelLayout"/>.</summary>
public enum WeightFormat
{
    /// <summary>float32.</summary>
    Float32,

    /// <summary>bfloat16, the upper half of a float32; widened without loss inside the kernel.</summary>
    BFloat16,

    /// <summary>IEEE half precision, as files store F16; widened without loss, inside the kernel or a chunk at a time.</summary>
    Float16,

    /// <summary>12-bit integers and a sign with one scale for 32 columns: the fast form of bf16 weights, 2.06 bytes a weight. Error at most 1/8190 of the block's largest weight.</summary>
    Block12,

    /// <summary>GGUF Q8_0: 32 signed bytes and a half-precision scale.</summary>
    Q8_0,

    /// <summary>GGUF Q4_0: 32 nibbles, less 8, and a half-precision scale.</summary>
    Q4_0,

    /// <summary>GGUF Q4_K: 256 nibbles, eight 6-bit scales and minima, two half-precision factors.</summary>
    Q4_K,

    /// <summary>GGUF Q6_K: 256 six-bit numbers, less 32, sixteen signed byte scales and a half-precision factor.</summary>
    Q6_K,
}
