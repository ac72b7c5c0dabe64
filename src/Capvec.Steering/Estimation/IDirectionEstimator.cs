using Capvec.Formats.Errors;

namespace Capvec.Steering.Estimation;

/// <summary>
/// Makes a direction of labelled rows. Every estimator here gives a sum of the training rows, <c>v = sum_i w_i x_i</c>, so it returns the weights and never
/// sees the hidden size: fitting it again for a fold or a relabelling costs the same for a model of 256 and of 8192.
/// </summary>
public interface IDirectionEstimator
{
    /// <summary>The name in provenance, studies and <c>--estimator</c>.</summary>
    string Name { get; }

    /// <summary>The weights of the training rows. Only the direction of the sum counts, not its length; it points to the positives.</summary>
    /// <param name="rows">The training rows, of both classes.</param>
    /// <returns>[rows + 1]: a weight for each training row and, last, for the mean row (<see cref="TrainingRows.MeanRow"/>).</returns>
    /// <exception cref="CapvecException">These rows have no such direction.</exception>
    double[] Weights(TrainingRows rows);
}
