namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// How far a covariance of few rows in many dimensions is drawn towards a multiple of the identity, and which: the estimate of Ledoit and Wolf (2004), written with
/// inner products. With S the covariance of n centred rows x and d dimensions: <c>mu = tr(S)/d</c>, <c>delta^2 = |S|^2 - d mu^2</c>,
/// <c>beta^2 = (sum |x|^4 - n |S|^2) / n^2</c>, share <c>beta^2/delta^2</c>, at most 1; the shrunk covariance is <c>(1-share) S + share mu I</c>.
/// </summary>
/// <param name="Share">From 0 (the covariance as it is) to 1 (a multiple of the identity).</param>
/// <param name="Variance">The multiple: the mean variance of a dimension.</param>
internal readonly record struct Shrinkage(double Share, double Variance)
{
    /// <summary>The smallest share used, so that directions in which the rows do not vary at all keep a finite weight.</summary>
    private const double Least = 1e-3;

    /// <summary>The shrinkage for centred rows.</summary>
    /// <param name="centred">[rows, rows] inner products of the centred rows.</param>
    /// <param name="hidden">Dimensions.</param>
    public static Shrinkage Of(double[,] centred, int hidden)
    {
        var n = centred.GetLength(0);
        double trace = 0, squares = 0, fourths = 0;
        for (var i = 0; i < n; i++)
        {
            trace += centred[i, i] / n;
            fourths += centred[i, i] * centred[i, i];
            for (var j = 0; j < n; j++)
                squares += centred[i, j] * centred[i, j] / ((double)n * n);
        }

        var delta = squares - (trace * trace / hidden);
        var beta = (fourths - (n * squares)) / ((double)n * n);
        return new Shrinkage(delta > 0 ? Math.Clamp(beta / delta, Least, 1) : 1, trace / hidden);
    }
}
