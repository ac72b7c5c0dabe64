using System.Numerics.Tensors;
using Capvec.Steering.Activations;

namespace Capvec.Steering.Validation;

/// <summary>
/// All inner products of the rows of one layer, after the mean row is taken off. Mean differences are sums of rows, so every projection on
/// every refitted direction is a sum of entries: nothing that follows depends on the hidden size.
/// </summary>
public sealed class GramMatrix
{
    private readonly double[] _values;

    private GramMatrix(int size, double[] values) => (Size, _values) = (size, values);

    /// <summary>Number of rows.</summary>
    public int Size { get; }

    /// <summary>The inner products of row <paramref name="i"/> with all rows, [rows].</summary>
    public ReadOnlySpan<double> Row(int i) => _values.AsSpan(i * Size, Size);

    /// <summary>The matrix of one layer of a set, in float64.</summary>
    public static GramMatrix Of(ActivationSet set, int layer)
    {
        var index = set.IndexOf(layer);
        var size = set.Traces.Length;
        var rows = new double[size][];
        var mean = new double[set.Hidden];
        for (var i = 0; i < size; i++)
        {
            rows[i] = new double[set.Hidden];
            TensorPrimitives.ConvertTruncating(set.Row(i, index), rows[i]);
            TensorPrimitives.Add(mean, rows[i], mean);
        }

        TensorPrimitives.Divide(mean, size, mean);
        foreach (var row in rows)
            TensorPrimitives.Subtract(row, mean, row);
        var values = new double[size * size];
        for (var i = 0; i < size; i++)
        {
            for (var j = 0; j <= i; j++)
                values[(i * size) + j] = values[(j * size) + i] = TensorPrimitives.Dot<double>(rows[i], rows[j]);
        }

        return new GramMatrix(size, values);
    }
}
