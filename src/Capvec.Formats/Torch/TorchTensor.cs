using Capvec.Formats.Errors;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Torch;

/// <summary>A tensor of a torch file: a strided view of a storage that several tensors may share. The view lies inside its storage; that was checked.</summary>
public sealed class TorchTensor
{
    /// <summary>Most elements that a view may have beyond its storage (a stride of 0 makes any size of few bytes).</summary>
    private const long MaxExpanded = 1 << 26;

    private readonly byte[] _storage;
    private readonly long _offset;
    private readonly long[] _strides;

    internal TorchTensor(ElementType dtype, byte[] storage, long offset, long[] shape, long[] strides)
    {
        Dtype = dtype;
        Shape = shape;
        _storage = storage;
        _offset = offset;
        _strides = strides;
        Count = shape.Aggregate(1L, (product, size) => product * size);
    }

    /// <summary>Type of the elements.</summary>
    public ElementType Dtype { get; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>The elements as float32, row major whatever the strides are.</summary>
    /// <exception cref="CapvecException">The elements are not floats.</exception>
    public float[] ToFloat32()
    {
        if (!Dtype.IsFloat())
            throw new CapvecException($"a tensor of {Dtype} was found where floats are needed; expected float32, float16, bfloat16, float64 or float8.");
        var values = new float[Count];
        ElementConversion.ToSingle(Dtype, Gather(), values);
        return values;
    }

    /// <summary>The elements as int64, row major whatever the strides are.</summary>
    /// <exception cref="CapvecException">The elements are not integers or booleans that fit.</exception>
    public long[] ToInt64()
    {
        if (!Dtype.IsInteger())
            throw new CapvecException($"a tensor of {Dtype} was found where integers are needed.");
        var values = new long[Count];
        ElementConversion.ToInt64(Dtype, Gather(), values);
        return values;
    }

    /// <summary>Whether a view of this shape can be read: not larger than an array, and not blown up far beyond its storage.</summary>
    internal static bool IsReadable(long count, int elementSize, long storageBytes) =>
        count <= Array.MaxLength / elementSize && (count <= MaxExpanded || count * elementSize <= storageBytes);

    private byte[] Gather() => StridedView.Gather(_storage, Dtype.Size(), _offset, Shape, _strides);
}
