namespace Capvec.Formats.Gguf;

/// <summary>Block sizes of tensor types, and the names of types that are not read.</summary>
public static class GgufTypes
{
    /// <summary>Types of other versions and of other uses, so that a refusal can name them. 4 and 5 were taken out of the format.</summary>
    private static readonly Dictionary<uint, string> Others = new()
    {
        [4] = "Q4_2, removed from the format",
        [5] = "Q4_3, removed from the format",
        [9] = "Q8_1",
        [15] = "Q8_K",
        [16] = "IQ2_XXS",
        [17] = "IQ2_XS",
        [18] = "IQ3_XXS",
        [19] = "IQ1_S",
        [21] = "IQ3_S",
        [22] = "IQ2_S",
        [24] = "I8",
        [25] = "I16",
        [26] = "I32",
        [27] = "I64",
        [28] = "F64",
        [29] = "IQ1_M",
        [34] = "TQ1_0",
        [35] = "TQ2_0",
        [39] = "MXFP4",
    };

    /// <summary>Elements a block; 1 for plain floats.</summary>
    public static int BlockElements(this GgufType type) => type switch
    {
        GgufType.F32 or GgufType.F16 or GgufType.BF16 => 1,
        GgufType.Q4_0 or GgufType.Q4_1 or GgufType.Q5_0 or GgufType.Q5_1 or GgufType.Q8_0 or GgufType.IQ4_NL => 32,
        _ => 256,
    };

    /// <summary>Bytes a block.</summary>
    public static int BlockBytes(this GgufType type) => type switch
    {
        GgufType.F32 => 4,
        GgufType.F16 or GgufType.BF16 => 2,
        GgufType.Q4_0 or GgufType.IQ4_NL => 18,
        GgufType.Q4_1 => 20,
        GgufType.Q5_0 => 22,
        GgufType.Q5_1 => 24,
        GgufType.Q8_0 => 34,
        GgufType.Q2_K => 84,
        GgufType.Q3_K => 110,
        GgufType.Q4_K => 144,
        GgufType.Q5_K => 176,
        GgufType.Q6_K => 210,
        GgufType.IQ4_XS => 136,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a type of GGUF tensors that is read"),
    };

    /// <summary>Bytes of a row of <paramref name="columns"/> elements.</summary>
    /// <param name="type">The type.</param>
    /// <param name="columns">Elements a row, a multiple of the block size.</param>
    public static long RowBytes(this GgufType type, long columns) => columns / type.BlockElements() * type.BlockBytes();

    /// <summary>The name of a type that is not read, for messages.</summary>
    internal static string NameOfOther(uint number) => Others.GetValueOrDefault(number, "unknown");
}
