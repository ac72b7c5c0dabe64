namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The mean difference where all directions vary alike: <c>v = S^-1/2 (mean(positives) - mean(negatives))</c>, S the covariance of all rows, shrunk by <see cref="Shrinkage"/>.
/// Half way between the mean difference (S^0) and the discriminant (S^-1): few large dimensions no longer carry the whole vector, and small noisy ones do not
/// take over.
/// </summary>
internal sealed class WhitenedDifference : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "whitened";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var mean = rows.MeanDifferenceWeights();
        var centred = rows.Centred(byClass: false);
        var shrinkage = Shrinkage.Of(centred, rows.Hidden);
        if (shrinkage.Variance == 0)
            return mean;

        // S's own directions are V = X' U L^-1/2; along each the factor is (shrunk variance)^-1/2, across all of them floor^-1/2.
        var floor = shrinkage.Share * shrinkage.Variance;
        var (values, vectors) = SymmetricEigen.Of(centred);
        var projected = rows.Uncentre(rows.Project(mean), byClass: false);
        var change = new double[rows.Count];
        for (var k = 0; k < rows.Count; k++)
        {
            if (values[k] <= 1e-12 * values[rows.Count - 1])
                continue;
            var along = 0.0;
            for (var i = 0; i < rows.Count; i++)
                along += vectors[i, k] * projected[i];
            var shrunk = floor + ((1 - shrinkage.Share) * values[k] / rows.Count);
            var factor = along / values[k] * ((1 / Math.Sqrt(shrunk)) - (1 / Math.Sqrt(floor)));
            for (var i = 0; i < rows.Count; i++)
                change[i] += factor * vectors[i, k];
        }

        var centredChange = rows.Uncentre(change, byClass: false);
        for (var i = 0; i < rows.Count; i++)
            mean[i] = (mean[i] / Math.Sqrt(floor)) + centredChange[i];
        return mean;
    }
}
