namespace Capvec.Formats.Gguf;

/// <summary>The type of a GGUF tensor; the numbers are those in the file. Quantised types store blocks of elements along a row.</summary>
public enum GgufType
{
    /// <summary>IEEE single precision.</summary>
    F32 = 0,

    /// <summary>IEEE half precision.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: 4 bits and a scale.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32: 4 bits, a scale and a minimum.</summary>
    Q4_1 = 3,

    /// <summary>Blocks of 32: 5 bits and a scale.</summary>
    Q5_0 = 6,

    /// <summary>Blocks of 32: 5 bits, a scale and a minimum.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32: 8 bits and a scale.</summary>
    Q8_0 = 8,

    /// <summary>Blocks of 256: 2 bits; scales and minima of 4 bits for each 16.</summary>
    Q2_K = 10,

    /// <summary>Blocks of 256: 3 bits; scales of 6 bits for each 16.</summary>
    Q3_K = 11,

    /// <summary>Blocks of 256: 4 bits; scales and minima of 6 bits for each 32.</summary>
    Q4_K = 12,

    /// <summary>Blocks of 256: 5 bits; scales and minima of 6 bits for each 32.</summary>
    Q5_K = 13,

    /// <summary>Blocks of 256: 6 bits; scales of 8 bits for each 16.</summary>
    Q6_K = 14,

    /// <summary>Blocks of 32: 4 bits that choose one of 16 unevenly spaced values, and a scale.</summary>
    IQ4_NL = 20,

    /// <summary>Blocks of 256: values as in IQ4_NL; scales of 6 bits for each 32.</summary>
    IQ4_XS = 23,

    /// <summary>The upper half of a float32.</summary>
    BF16 = 30,
}
