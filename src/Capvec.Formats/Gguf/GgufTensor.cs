namespace Capvec.Formats.Gguf;

/// <summary>A tensor as a GGUF file describes it: rows of <see cref="Columns"/> elements, one after the other without gaps.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Type">How its elements are stored.</param>
/// <param name="Dimensions">Its sizes in the file's order, the contiguous one first (ggml's <c>ne</c>); empty for a scalar.</param>
/// <param name="Offset">Where its bytes begin, from the start of its file.</param>
/// <param name="ByteLength">How many bytes it has.</param>
/// <param name="Part">Which file of a split model holds it, from 0.</param>
public sealed record GgufTensor(string Name, GgufType Type, long[] Dimensions, long Offset, long ByteLength, int Part)
{
    /// <summary>Its sizes outermost first, as in safetensors: a matrix is <c>[rows, columns]</c>.</summary>
    public long[] Shape { get; } = [.. Dimensions.Reverse()];

    /// <summary>Elements a row.</summary>
    public long Columns => Dimensions.Length == 0 ? 1 : Dimensions[0];

    /// <summary>Number of rows, over all outer axes.</summary>
    public long Rows => ByteLength / RowBytes;

    /// <summary>Bytes a row.</summary>
    public long RowBytes => Type.RowBytes(Columns);

    /// <summary>Number of elements.</summary>
    public long Count => Rows * Columns;

    /// <summary>The shape as it is shown in messages: <c>[2, 3]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}
