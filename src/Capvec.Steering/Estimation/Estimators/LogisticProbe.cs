using Capvec.Formats.Errors;
using MathNet.Numerics.LinearAlgebra;

namespace Capvec.Steering.Estimation.Estimators;

/// <summary>
/// The weights of a logistic regression of the label on the row: minimises <c>sum log(1 + exp(-s f)) + ridge/(2 u) |v|^2</c>, <c>f = x.v + b</c>, s = +1 or -1, u the mean squared
/// length of the rows about their mean, so that a ridge means the same at every layer. The offset b is nearly free (its penalty stands for a standard
/// deviation of <see cref="OffsetSpread"/>). Newton's method in the space of the rows, with the step halved while it does not improve (Rasmussen and
/// Williams 2006, algorithm 3.1, is the same for a Gaussian process with this kernel).
/// </summary>
internal sealed class LogisticProbe(double ridge) : IDirectionEstimator
{
    /// <summary>The ridge used where none is given.</summary>
    public const double DefaultRidge = 0.1;

    private const double OffsetSpread = 10;
    private const int MostSteps = 100;

    /// <inheritdoc/>
    public string Name => "logistic";

    /// <inheritdoc/>
    public double[] Weights(TrainingRows rows)
    {
        _ = rows.MeanDifferenceWeights(); // refuses an empty class
        var n = rows.Count;
        var centred = rows.Centred(byClass: false);
        var unit = Enumerable.Range(0, n).Average(i => centred[i, i]);
        if (unit == 0)
            throw new CapvecException("all traces have the same residual, so there is nothing to tell them by; is one trace given many times?");
        var kernel = Matrix<double>.Build.Dense(n, n, (i, j) => (centred[i, j] / (unit * ridge)) + (OffsetSpread * OffsetSpread));
        var labels = Vector<double>.Build.Dense(n, i => rows.Labels[i] ? 1 : 0);
        var a = Vector<double>.Build.Dense(n);
        var f = Vector<double>.Build.Dense(n);
        var loss = Loss(a, f, labels);
        for (var step = 0; step < MostSteps; step++)
        {
            var p = f.Map(x => 1 / (1 + Math.Exp(-x)));
            var root = p.Map(x => Math.Sqrt(Math.Max(x * (1 - x), 1e-12)));
            var b = root.PointwisePower(2).PointwiseMultiply(f) + (labels - p);
            var system = Matrix<double>.Build.Dense(n, n, (i, j) => (root[i] * kernel[i, j] * root[j]) + (i == j ? 1 : 0));
            var target = b - root.PointwiseMultiply(system.Cholesky().Solve(root.PointwiseMultiply(kernel * b)));
            var fitted = kernel * target;
            var next = Loss(target, fitted, labels);
            for (var share = 0.5; next > loss && share > 1e-4; share /= 2)
                (target, fitted, next) = Between(a, f, target, fitted, labels);
            if (!(next < loss))
                break;
            var gain = loss - next;
            (a, f, loss) = (target, fitted, next);
            if (gain < 1e-10 * (1 + Math.Abs(loss)))
                break;
        }

        return rows.Uncentre([.. a], byClass: false);
    }

    private static (Vector<double> A, Vector<double> F, double Loss) Between(Vector<double> a, Vector<double> f, Vector<double> target, Vector<double> fitted, Vector<double> labels)
    {
        var (halfA, halfF) = ((a + target) / 2, (f + fitted) / 2);
        return (halfA, halfF, Loss(halfA, halfF, labels));
    }

    private static double Loss(Vector<double> a, Vector<double> f, Vector<double> labels)
    {
        var loss = a.DotProduct(f) / 2;
        for (var i = 0; i < f.Count; i++)
        {
            var margin = labels[i] > 0.5 ? f[i] : -f[i];
            loss += margin > 0 ? Math.Log(1 + Math.Exp(-margin)) : Math.Log(1 + Math.Exp(margin)) - margin;
        }

        return loss;
    }
}
