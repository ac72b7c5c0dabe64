using Capvec.Formats.Tensors;

namespace Capvec.Formats.Safetensors;

/// <summary>The names that safetensors headers use for element types.</summary>
internal static class SafetensorsNames
{
    private static readonly Dictionary<string, ElementType> Types = new(StringComparer.Ordinal)
    {
        ["BOOL"] = ElementType.Bool,
        ["U8"] = ElementType.U8,
        ["I8"] = ElementType.I8,
        ["F8_E5M2"] = ElementType.F8E5M2,
        ["F8_E4M3"] = ElementType.F8E4M3,
        ["I16"] = ElementType.I16,
        ["U16"] = ElementType.U16,
        ["F16"] = ElementType.F16,
        ["BF16"] = ElementType.BF16,
        ["I32"] = ElementType.I32,
        ["U32"] = ElementType.U32,
        ["F32"] = ElementType.F32,
        ["F64"] = ElementType.F64,
        ["I64"] = ElementType.I64,
        ["U64"] = ElementType.U64,
    };

    /// <summary>The known names, for messages.</summary>
    public static string Known => string.Join(", ", Types.Keys);

    /// <summary>The type of a name.</summary>
    public static bool TryParse(string name, out ElementType type) => Types.TryGetValue(name, out type);

    /// <summary>The name of a type.</summary>
    public static string Of(ElementType type) => Types.First(pair => pair.Value == type).Key;
}
