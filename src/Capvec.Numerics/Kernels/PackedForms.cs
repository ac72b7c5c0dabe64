namespace Capvec.Numerics.Kernels;

/// <summary>In which forms activation rows are packed: what the matrices that read them need.</summary>
[Flags]
public enum PackedForms
{
    /// <summary>float32: for float32, bf16 and f16 weights, and for exact products with quantised ones.</summary>
    Float = 1,

    /// <summary>14-bit integers and a sign: for fast products with quantised weights.</summary>
    Integer = 2,

    /// <summary>7-bit integers and a sign: for products with quantised weights, fastest with AVX512-VNNI.</summary>
    Bytes = 4,
}
