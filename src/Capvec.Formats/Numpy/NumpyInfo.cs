using Capvec.Formats.Tensors;

namespace Capvec.Formats.Numpy;

/// <summary>What the header of an array says.</summary>
/// <param name="Dtype">Type of the elements.</param>
/// <param name="Shape">Sizes, outermost first; empty for a scalar.</param>
/// <param name="IsFortran">Whether the first axis is the contiguous one.</param>
public sealed record NumpyInfo(ElementType Dtype, long[] Shape, bool IsFortran);
