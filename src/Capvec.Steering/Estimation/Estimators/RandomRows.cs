using Capvec.Engine.Sampling;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// A control that sees no label: the rows about their mean, each times a Gaussian draw. Such a direction is random but lies where residuals vary, so it is harder to beat
/// than one uniform on the sphere (<see cref="Controls.RandomDirection"/>, the control of steered arms).
/// </summary>
internal sealed class RandomRows(ulong seed) : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "random";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var draws = new double[rows.Count];
        for (var i = 0; i < draws.Length; i++)
            draws[i] = SeededDraws.Gaussian(seed, (ulong)rows.Indices[i]);

        return rows.Uncentre(draws, byClass: false);
    }
}
