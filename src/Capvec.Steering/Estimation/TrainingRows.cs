using System.Numerics.Tensors;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Steering.Estimation;

/// <summary>
/// What an estimator sees of the rows of one layer: their inner products, labels, tasks and measures. Rows are taken about the mean row of the whole
/// set, which is itself the last "row": without it a float64 sum would lose the differences in the large mean that residual streams have, and with it
/// directions such as the neutral mean can still be written as a sum.
/// </summary>
public sealed class TrainingRows
{
    private readonly double[] _products;
    private readonly bool[] _labels;

    private TrainingRows(double[] products, bool[] labels, string[] groups, string?[] arms, IReadOnlyDictionary<string, double>[] measures, int hidden, int[] indices)
    {
        (_products, _labels, Groups, Arms, Measures, Hidden, Indices) = (products, labels, groups, arms, measures, hidden, indices);
        Positives = labels.AsSpan().Count(true);
    }

    /// <summary>Number of rows, without the mean row.</summary>
    public int Count => _labels.Length;

    /// <summary>Index of the mean row in <see cref="Products"/> and in weights: <see cref="Count"/>.</summary>
    public int MeanRow => Count;

    /// <summary>How many are positives.</summary>
    public int Positives { get; }

    /// <summary>How many are negatives.</summary>
    public int Negatives => Count - Positives;

    /// <summary>[rows] true for positives.</summary>
    public ReadOnlySpan<bool> Labels => _labels;

    /// <summary>[rows] the task of each.</summary>
    public IReadOnlyList<string> Groups { get; }

    /// <summary>[rows] the arm that wrote each; null where unknown.</summary>
    public IReadOnlyList<string?> Arms { get; }

    /// <summary>[rows] what was counted in each trace.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, double>> Measures { get; }

    /// <summary>Width of a row in the model.</summary>
    public int Hidden { get; }

    /// <summary>[rows] where each stands in the whole set.</summary>
    public IReadOnlyList<int> Indices { get; }

    /// <summary>Inner products [rows + 1] of a row with all rows and, last, with the mean row.</summary>
    public ReadOnlySpan<double> Products(int row) => _products.AsSpan(row * (Count + 1), Count + 1);

    /// <summary>All rows of one layer of a set.</summary>
    /// <exception cref="CapvecException">The layer was not captured.</exception>
    public static TrainingRows Of(ActivationSet set, int layer)
    {
        var index = set.IndexOf(layer);
        var n = set.Traces.Length;
        var rows = new double[n + 1][];
        var mean = rows[n] = new double[set.Hidden];
        for (var i = 0; i < n; i++)
        {
            rows[i] = new double[set.Hidden];
            TensorPrimitives.ConvertTruncating(set.Row(i, index), rows[i]);
            TensorPrimitives.Add(mean, rows[i], mean);
        }

        TensorPrimitives.Divide(mean, n, mean);
        for (var i = 0; i < n; i++)
            TensorPrimitives.Subtract(rows[i], mean, rows[i]);
        var products = new double[(n + 1) * (n + 1)];
        for (var i = 0; i <= n; i++)
        {
            for (var j = 0; j <= i; j++)
                products[(i * (n + 1)) + j] = products[(j * (n + 1)) + i] = TensorPrimitives.Dot<double>(rows[i], rows[j]);
        }

        return new TrainingRows(
            products, set.Labels, [.. set.Traces.Select(t => t.Group)], [.. set.Traces.Select(t => t.Arm)], [.. set.Traces.Select(t => (IReadOnlyDictionary<string, double>)t.Measures)],
            set.Hidden, [.. Enumerable.Range(0, n)]);
    }

    /// <summary>The same rows with other labels.</summary>
    public TrainingRows Relabel(bool[] labels) => new(_products, labels, (string[])Groups, (string?[])Arms, (IReadOnlyDictionary<string, double>[])Measures, Hidden, (int[])Indices);

    /// <summary>Some of the rows, copied; the mean row stays that of the whole set.</summary>
    public TrainingRows Take(IReadOnlyList<int> rows)
    {
        var m = rows.Count;
        var products = new double[(m + 1) * (m + 1)];
        for (var i = 0; i <= m; i++)
        {
            var from = Products(i == m ? MeanRow : rows[i]);
            var to = products.AsSpan(i * (m + 1), m + 1);
            for (var j = 0; j < m; j++)
                to[j] = from[rows[j]];
            to[m] = from[Count];
        }

        return new TrainingRows(products, [.. rows.Select(i => _labels[i])], [.. rows.Select(i => Groups[i])], [.. rows.Select(i => Arms[i])], [.. rows.Select(i => Measures[i])], Hidden, [.. rows.Select(i => Indices[i])]);
    }

    /// <summary>The inner product of two sums of rows.</summary>
    /// <param name="a">[rows + 1].</param>
    /// <param name="b">[rows + 1].</param>
    public double Inner(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        var sum = 0.0;
        for (var i = 0; i <= Count; i++)
        {
            if (a[i] != 0)
                sum += a[i] * TensorPrimitives.Dot(Products(i), b);
        }

        return sum;
    }

    /// <summary>The projection of every row on a sum of rows, [rows].</summary>
    /// <param name="weights">[rows + 1].</param>
    public double[] Project(ReadOnlySpan<double> weights)
    {
        var scores = new double[Count];
        for (var i = 0; i < Count; i++)
            scores[i] = TensorPrimitives.Dot(Products(i), weights);
        return scores;
    }

    /// <summary>Weights [rows + 1] with which a sum of rows is the difference of the class means; the direction of <see cref="MeanDifference"/>.</summary>
    /// <exception cref="CapvecException">A class is empty.</exception>
    public double[] MeanDifferenceWeights()
    {
        if (Positives == 0 || Negatives == 0)
            throw new CapvecException($"{Positives} positive and {Negatives} negative traces: a direction needs at least one of each; collect more traces or choose another contrast.");
        var weights = new double[Count + 1];
        for (var i = 0; i < Count; i++)
            weights[i] = _labels[i] ? 1.0 / Positives : -1.0 / Negatives;
        return weights;
    }

    /// <summary>The inner products of the rows after each is taken about the mean of its own class, or all about one mean; [rows, rows].</summary>
    /// <param name="byClass">About the mean of the class, else of all rows.</param>
    internal double[,] Centred(bool byClass)
    {
        var sides = new int[Count];
        for (var i = 0; i < Count; i++)
            sides[i] = byClass && _labels[i] ? 1 : 0;
        double[] sizes = [sides.Count(s => s == 0), sides.Count(s => s == 1)];
        var toSide = new double[Count, 2]; // mean product of row i with the rows of a side
        var between = new double[2, 2];
        for (var i = 0; i < Count; i++)
        {
            var row = Products(i);
            for (var j = 0; j < Count; j++)
                toSide[i, sides[j]] += row[j] / sizes[sides[j]];
            for (var s = 0; s < 2; s++)
                between[sides[i], s] += toSide[i, s] / sizes[sides[i]];
        }

        var centred = new double[Count, Count];
        for (var i = 0; i < Count; i++)
        {
            for (var j = 0; j < Count; j++)
                centred[i, j] = Products(i)[j] - toSide[i, sides[j]] - toSide[j, sides[i]] + between[sides[i], sides[j]];
        }

        return centred;
    }

    /// <summary>Takes the mean over each class (or over all) from weights, so that they weigh centred rows: the transpose of the centring.</summary>
    /// <param name="weights">[rows].</param>
    /// <param name="byClass">As in <see cref="Centred"/>.</param>
    internal double[] Uncentre(ReadOnlySpan<double> weights, bool byClass)
    {
        double[] sums = [0, 0], sizes = [0, 0];
        for (var i = 0; i < Count; i++)
        {
            var side = byClass && _labels[i] ? 1 : 0;
            sums[side] += weights[i];
            sizes[side]++;
        }

        var result = new double[Count + 1];
        for (var i = 0; i < Count; i++)
        {
            var side = byClass && _labels[i] ? 1 : 0;
            result[i] = weights[i] - (sums[side] / sizes[side]);
        }

        return result;
    }
}
