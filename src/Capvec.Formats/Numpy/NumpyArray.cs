using Capvec.Formats.Errors;
using Capvec.Formats.Tensors;

namespace Capvec.Formats.Numpy;

/// <summary>An array that numpy stored.</summary>
public sealed class NumpyArray
{
    private readonly string _path;
    private readonly byte[] _data;
    private readonly bool _isFortran;

    internal NumpyArray(string path, NpyHeader header, byte[] data)
    {
        _path = path;
        _data = data;
        _isFortran = header.IsFortran;
        Dtype = header.Dtype;
        Shape = header.Shape;
    }

    /// <summary>Type of the elements.</summary>
    public ElementType Dtype { get; }

    /// <summary>Sizes, outermost first; empty for a scalar.</summary>
    public long[] Shape { get; }

    /// <summary>Number of elements.</summary>
    public long Count => _data.Length / Dtype.Size();

    /// <summary>The elements as float32, row major whatever the order in the file is.</summary>
    /// <exception cref="CapvecException">The elements are not floats.</exception>
    public float[] ToFloat32()
    {
        if (!Dtype.IsFloat())
            throw new CapvecException($"{_path}: the array is of {Dtype}; expected float16, float32 or float64.");
        var values = new float[Count];
        ElementConversion.ToSingle(Dtype, RowMajor(), values);
        return values;
    }

    /// <summary>The elements as int64, row major whatever the order in the file is.</summary>
    /// <exception cref="CapvecException">The elements are not integers or booleans that fit.</exception>
    public long[] ToInt64()
    {
        if (!Dtype.IsInteger())
            throw new CapvecException($"{_path}: the array is of {Dtype}; expected integers up to 64 bits, signed, or bool.");
        var values = new long[Count];
        ElementConversion.ToInt64(Dtype, RowMajor(), values);
        return values;
    }

    private ReadOnlySpan<byte> RowMajor()
    {
        if (!_isFortran)
            return _data;
        var strides = new long[Shape.Length];
        var stride = 1L;
        for (var axis = 0; axis < strides.Length; axis++)
            (strides[axis], stride) = (stride, stride * Shape[axis]);
        return StridedView.Gather(_data, Dtype.Size(), 0, Shape, strides);
    }
}
