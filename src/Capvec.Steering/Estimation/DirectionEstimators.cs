using Capvec.Formats.Errors;
using Capvec.Steering.Estimation.Estimators;

namespace Capvec.Steering.Estimation;

/// <summary>The estimators there are, by name.</summary>
public static class DirectionEstimators
{
    /// <summary>The names, the usual one first.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [MeanDifference.Name, "task-balanced", "within-tasks", "pca-differences", "pca-centred", "logistic", "lda", "whitened", "random"];

    /// <summary>The difference of class means.</summary>
    public static IDirectionEstimator Default { get; } = new ClassMeans();

    /// <summary>Makes an estimator.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="ridge">Penalty of the logistic probe; the usual one when null. Others have none.</param>
    /// <param name="orthogonalTo">What is taken out of the direction: <c>neutral</c>, <c>arm</c> or names of measures.</param>
    /// <param name="seed">Seed of the random control.</param>
    /// <exception cref="CapvecException">There is no such estimator, or it has no ridge.</exception>
    public static IDirectionEstimator Make(string name, double? ridge = null, IReadOnlyList<string>? orthogonalTo = null, ulong seed = 0)
    {
        if (ridge is not null && name != "logistic")
            throw new CapvecException($"the estimator {name} has no ridge; only logistic has.", null, CapvecException.WrongUsage);
        if (ridge is <= 0 || (ridge is { } r && !double.IsFinite(r)))
            throw new CapvecException($"a ridge of {ridge} is no penalty; give a number above 0 ({LogisticProbe.DefaultRidge} is usual).", null, CapvecException.WrongUsage);
        IDirectionEstimator estimator = name switch
        {
            MeanDifference.Name => Default,
            "task-balanced" => new TaskBalanced(),
            "within-tasks" => new WithinTasks(),
            "pca-differences" => new PairPca(),
            "pca-centred" => new CentredPca(),
            "logistic" => new LogisticProbe(ridge ?? LogisticProbe.DefaultRidge),
            "lda" => new ShrunkDiscriminant(),
            "whitened" => new WhitenedDifference(),
            "random" => new RandomRows(seed),
            _ => throw new CapvecException($"there is no estimator '{name}'; there are {string.Join(", ", Names)}.", null, CapvecException.WrongUsage),
        };
        return orthogonalTo is { Count: > 0 } ? new Orthogonalised(estimator, orthogonalTo) : estimator;
    }

    /// <summary>Whether it is the plain mean difference, for which validation has closed forms.</summary>
    internal static bool IsMeanDifference(this IDirectionEstimator estimator) => estimator is ClassMeans;
}
