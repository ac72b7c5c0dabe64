using Capvec.Formats.Tensors;

namespace Capvec.Engine.Conversion;

/// <summary>Counts the weights that are to be written, then those that were.</summary>
/// <param name="progress">Told the share, 0 to 1; null for nobody.</param>
internal sealed class ConversionShare(IProgress<double>? progress)
{
    private long _total;
    private long _done;

    /// <summary>A reader that counts what it gives.</summary>
    /// <typeparam name="T">What rows are made of.</typeparam>
    /// <param name="shape">The whole tensor; counted at once.</param>
    /// <param name="size">How many <typeparamref name="T"/> one of its numbers takes.</param>
    /// <param name="rows">The reader.</param>
    public RowReader<T> Of<T>(long[] shape, int size, RowReader<T> rows)
    {
        _total += shape.Aggregate(1L, (count, length) => count * length);
        return (first, to) =>
        {
            rows(first, to);
            _done += to.Length / size;
            progress?.Report(Math.Min(1, (double)_done / _total));
        };
    }
}
