namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The first principal component of all rows about their mean (Zou and others 2023, "reading vectors"). Labels choose its sign alone, so it is what varies most,
/// whether or not that is the contrast: a lower held-out AUC than the mean difference's says that it is not.
/// </summary>
internal sealed class CentredPca : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "pca-centred";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var towards = rows.MeanDifferenceWeights();
        var weights = rows.Uncentre(SymmetricEigen.Top(rows.Centred(byClass: false)), byClass: false);
        return rows.Inner(weights, towards) < 0 ? [.. weights.Select(w => -w)] : weights;
    }
}
