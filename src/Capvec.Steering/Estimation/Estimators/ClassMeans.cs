namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The difference of the class means, <c>mean(positives) - mean(negatives)</c>: every trace weighs the same within its class. Known as difference in means,
/// mass mean and contrastive activation addition (Rimsky and others 2024, without pairs); the estimator of the original experiment.
/// </summary>
internal sealed class ClassMeans : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => MeanDifference.Name;

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows) => rows.MeanDifferenceWeights();
}
