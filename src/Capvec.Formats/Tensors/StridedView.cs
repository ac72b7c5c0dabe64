namespace Capvec.Formats.Tensors;

/// <summary>Brings the elements of a strided view into row-major order.</summary>
internal static class StridedView
{
    /// <summary>Copies the elements of a view that lies inside its storage.</summary>
    /// <param name="storage">The stored elements.</param>
    /// <param name="size">Bytes an element.</param>
    /// <param name="offset">Index of the view's first element.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="strides">Elements between neighbours along each axis.</param>
    /// <returns>The raw elements, row major.</returns>
    public static byte[] Gather(ReadOnlySpan<byte> storage, int size, long offset, long[] shape, long[] strides)
    {
        var count = shape.Aggregate(1L, (product, length) => product * length);
        if (count == 0)
            return [];
        if (IsContiguous(shape, strides))
            return storage.Slice((int)(offset * size), (int)(count * size)).ToArray();
        var bytes = new byte[count * size];
        var index = new long[shape.Length];
        var at = offset;
        for (var i = 0L; i < count; i++)
        {
            storage.Slice((int)(at * size), size).CopyTo(bytes.AsSpan((int)(i * size)));
            for (var axis = shape.Length - 1; axis >= 0; axis--)
            {
                at += strides[axis];
                if (++index[axis] < shape[axis])
                    break;
                at -= strides[axis] * shape[axis];
                index[axis] = 0;
            }
        }

        return bytes;
    }

    private static bool IsContiguous(long[] shape, long[] strides)
    {
        var expected = 1L;
        for (var axis = shape.Length - 1; axis >= 0; axis--)
        {
            if (shape[axis] != 1 && strides[axis] != expected)
                return false;
            expected *= shape[axis];
        }

        return true;
    }
}
