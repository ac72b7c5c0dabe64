using System.Numerics.Tensors;
using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// Scores of traces on mean-difference directions that were fitted without them, from inner products, in O(n^2) for all folds together.
/// <para>
/// For a fold, with a and b the sums of the positive and negative training rows, p and q their numbers: direction
/// <c>w = a/p - b/q</c>, origin <c>m = (a+b)/(p+q)</c>, and the score of a held-out row x is <c>(x - m).w / |w|</c>. The origin is the mean of the
/// training rows: without it, scores of different folds could not be compared, since a large mean residual projects differently on each
/// fold's direction; the midpoint of the two class means instead would push scores of small classes down on pure noise.
/// </para>
/// </summary>
internal sealed class HeldOutScores
{
    private readonly TrainingRows _gram;
    private readonly int[][] _members;
    private readonly double[] _positive;
    private readonly double[] _negative;
    private readonly double[] _total;

    /// <summary>Prepares scoring; the instance holds buffers and is for one thread.</summary>
    public HeldOutScores(TrainingRows gram, Folds folds)
    {
        _gram = gram;
        _members = [.. Enumerable.Range(0, folds.Count).Select(f => Enumerable.Range(0, gram.Count).Where(i => folds.Of[i] == f).ToArray())];
        _positive = new double[gram.Count];
        _negative = new double[gram.Count];
        _total = new double[gram.Count];
        for (var i = 0; i < gram.Count; i++)
            TensorPrimitives.Add(_total, gram.Products(i)[..gram.Count], _total);
    }

    /// <summary>Scores every trace; false where some fold leaves no positive or no negative to train on.</summary>
    /// <param name="labels">[traces] true for positives.</param>
    /// <param name="scores">[traces] receives the scores.</param>
    public bool TryScore(ReadOnlySpan<bool> labels, Span<double> scores)
    {
        var positives = labels.Count(true);
        // The sum of the smaller class's rows of the matrix; the other one follows from the total.
        var (small, large, few) = positives * 2 <= labels.Length ? (_positive, _negative, true) : (_negative, _positive, false);
        Array.Clear(small);
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i] == few)
                TensorPrimitives.Add(small, _gram.Products(i)[.._gram.Count], small);
        }

        TensorPrimitives.Subtract<double>(_total, small, large);
        double pp = 0, pn = 0, nn = 0;
        for (var i = 0; i < labels.Length; i++)
        {
            if (labels[i])
                pp += _positive[i];
            else
                pn += _positive[i];
            nn += labels[i] ? 0 : _negative[i];
        }

        foreach (var fold in _members)
        {
            if (!TryScoreFold(fold, labels, scores, (pp, pn, nn), positives))
                return false;
        }

        return true;
    }

    private bool TryScoreFold(int[] fold, ReadOnlySpan<bool> labels, Span<double> scores, (double PP, double PN, double NN) sums, int positives)
    {
        var inFold = 0;
        var (aa, ab, bb) = sums;
        foreach (var i in fold)
        {
            inFold += labels[i] ? 1 : 0;
            if (labels[i])
                (aa, ab) = (aa - (2 * _positive[i]), ab - _negative[i]);
            else
                (ab, bb) = (ab - _positive[i], bb - (2 * _negative[i]));
            var row = _gram.Products(i)[.._gram.Count];
            foreach (var j in fold)
            {
                if (labels[i] && labels[j])
                    aa += row[j];
                else if (labels[i])
                    ab += row[j];
                else if (!labels[j])
                    bb += row[j];
            }
        }

        double p = positives - inFold, q = labels.Length - positives - (fold.Length - inFold);
        if (p == 0 || q == 0)
            return false;
        var squares = (aa / (p * p)) - (2 * ab / (p * q)) + (bb / (q * q));
        var scale = (aa / (p * p)) + (bb / (q * q));
        var length = squares > 1e-12 * scale ? Math.Sqrt(squares) : double.PositiveInfinity; // equal means: no direction, all scores 0
        var origin = ((aa / p) - (ab / q) + (ab / p) - (bb / q)) / (p + q);
        foreach (var i in fold)
        {
            double a = _positive[i], b = _negative[i];
            var row = _gram.Products(i)[.._gram.Count];
            foreach (var j in fold)
            {
                if (labels[j])
                    a -= row[j];
                else
                    b -= row[j];
            }

            scores[i] = ((a / p) - (b / q) - origin) / length;
        }

        return true;
    }
}
