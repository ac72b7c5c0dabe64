using Capvec.Steering.Estimation;

namespace Capvec.Steering.Validation;

/// <summary>
/// How rows get a score from a direction that was fitted without them. The mean difference leaves out one trace at a time, in closed form. Other estimators are fitted
/// again: one trace at a time up to <see cref="MostRefits"/> traces, else in <see cref="ManyFolds"/> folds, since their cost grows with the fourth power of the traces.
/// </summary>
internal sealed class HeldOutMethod
{
    private const int MostRefits = 64;
    private const int ManyFolds = 10;

    private readonly IDirectionEstimator _estimator;

    private HeldOutMethod(IDirectionEstimator estimator, Folds folds) => (_estimator, Folds) = (estimator, folds);

    /// <summary>What is left out together.</summary>
    public Folds Folds { get; }

    /// <summary>In words, for ranking.json.</summary>
    public string Name => Folds.Count == Folds.Of.Length ? "leave-one-out" : $"{Folds.Count} folds";

    /// <summary>The method for an estimator and labels.</summary>
    public static HeldOutMethod Of(IDirectionEstimator estimator, bool[] labels) =>
        new(estimator, estimator.IsMeanDifference() || labels.Length <= MostRefits ? Folds.LeaveOneOut(labels.Length) : Folds.Dealt(labels, ManyFolds));

    /// <summary>The method with other folds.</summary>
    public HeldOutMethod With(Folds folds) => new(_estimator, folds);

    /// <summary>A scorer of one layer: labels to scores, null where a fold has no direction. It holds buffers and is for one thread.</summary>
    public Func<bool[], double[]?> For(TrainingRows rows)
    {
        if (!_estimator.IsMeanDifference())
            return labels => RefittedScores.TryScore(rows.Relabel(labels), Folds, _estimator);
        var closed = new HeldOutScores(rows, Folds);
        return labels =>
        {
            var scores = new double[labels.Length];
            return closed.TryScore(labels, scores) ? scores : null;
        };
    }
}
