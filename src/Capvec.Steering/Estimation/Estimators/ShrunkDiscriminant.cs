using MathNet.Numerics.LinearAlgebra;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// Fisher's linear discriminant: <c>v = S^-1 (mean(positives) - mean(negatives))</c>, S the covariance within classes, shrunk by <see cref="Shrinkage"/>. Directions in which
/// traces of one class vary much count less. "Mass-mean probing" (Marks and Tegmark 2023) is the same without shrinkage.
/// <para>
/// With X the centred rows, <c>(a I + X'X b)^-1 m = (m - X' (a/b I + XX')^-1 X m) / a</c> (Woodbury), a sum of rows.
/// </para>
/// </summary>
internal sealed class ShrunkDiscriminant : IDirectionEstimator
{
    /// <inheritdoc/>
    public string Name => "lda";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        var mean = rows.MeanDifferenceWeights();
        var centred = rows.Centred(byClass: true);
        var shrinkage = Shrinkage.Of(centred, rows.Hidden);
        if (shrinkage.Share >= 1 || shrinkage.Variance == 0)
            return mean;
        var projected = rows.Uncentre(rows.Project(mean), byClass: true); // X m: the centring is its own transpose
        var matrix = Matrix<double>.Build.DenseOfArray(centred);
        var ratio = rows.Count * shrinkage.Share * shrinkage.Variance / (1 - shrinkage.Share);
        for (var i = 0; i < rows.Count; i++)
            matrix[i, i] += ratio;
        var solved = matrix.Cholesky().Solve(Vector<double>.Build.Dense(projected[..rows.Count]));
        var correction = rows.Uncentre([.. solved], byClass: true);
        for (var i = 0; i < rows.Count; i++)
            mean[i] -= correction[i];
        return mean;
    }
}
