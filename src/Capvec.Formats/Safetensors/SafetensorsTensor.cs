using Capvec.Formats.Tensors;

namespace Capvec.Formats.Safetensors;

/// <summary>A tensor as the header of a safetensors file describes it. Row major, little endian, without gaps.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Dtype">Type of its elements.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a scalar. Sizes of 0 are legal.</param>
/// <param name="Offset">Where its bytes begin, from the start of the file.</param>
/// <param name="ByteLength">How many bytes it has.</param>
public sealed record SafetensorsTensor(string Name, ElementType Dtype, long[] Shape, long Offset, long ByteLength)
{
    /// <summary>Number of elements.</summary>
    public long Count => ByteLength / Dtype.Size();

    /// <summary>The shape as it is shown in messages: <c>[2, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
