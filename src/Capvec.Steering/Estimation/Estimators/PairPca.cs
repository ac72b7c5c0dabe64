namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The first principal component, about zero, of differences of pairs: the direction along which positives and negatives of the same task differ most. A
/// task's k-th positive is paired with its k-th negative; where no task has both, the k-th of all. About zero, so that a difference which is the
/// same in every pair counts (centred differences, repeng's <c>pca_diff</c>, take just that away); pairs centred on their own mean, its <c>pca_center</c>, have
/// this same component. The sign is towards the positives.
/// </summary>
internal sealed class PairPca : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "pca-differences";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var towards = rows.MeanDifferenceWeights();
        var pairs = Pairs(rows, rows.Groups);
        if (pairs.Count == 0)
            pairs = Pairs(rows, [.. Enumerable.Repeat("", rows.Count)]);
        var products = new double[pairs.Count, pairs.Count];
        for (var a = 0; a < pairs.Count; a++)
        {
            ReadOnlySpan<double> positive = rows.Products(pairs[a].Positive), negative = rows.Products(pairs[a].Negative);
            for (var b = 0; b < pairs.Count; b++)
                products[a, b] = positive[pairs[b].Positive] - positive[pairs[b].Negative] - negative[pairs[b].Positive] + negative[pairs[b].Negative];
        }

        var top = SymmetricEigen.Top(products);
        var weights = new double[rows.Count + 1];
        for (var a = 0; a < pairs.Count; a++)
        {
            weights[pairs[a].Positive] += top[a];
            weights[pairs[a].Negative] -= top[a];
        }

        return rows.Inner(weights, towards) < 0 ? [.. weights.Select(w => -w)] : weights;
    }

    private static List<(int Positive, int Negative)> Pairs(TrainingRows rows, IReadOnlyList<string> groups) =>
    [
        .. Enumerable.Range(0, rows.Count).GroupBy(i => groups[i], StringComparer.Ordinal).SelectMany(task =>
            task.Where(i => rows.Labels[i]).Zip(task.Where(i => !rows.Labels[i]), (positive, negative) => (positive, negative))),
    ];
}
