using Capvec.Steering.Estimation;

namespace Capvec.Steering.Ranking;

/// <summary>How layers are validated and ranked.</summary>
public sealed record RankingOptions
{
    /// <summary>What is fitted again for held-out figures; the mean difference where nothing else is said.</summary>
    public IDirectionEstimator Estimator { get; init; } = DirectionEstimators.Default;

    /// <summary>Relabellings of the permutation test, where not all are tried; 0 leaves the test out.</summary>
    public int Permutations { get; init; } = 1000;

    /// <summary>Seed of the relabellings.</summary>
    public ulong Seed { get; init; }

    /// <summary>Permute labels only within tasks.</summary>
    public bool PermuteWithinGroups { get; init; }

    /// <summary>Folds of the grouped AUC at most; with no more tasks than that, one task is left out at a time.</summary>
    public int GroupFolds { get; init; } = 10;
}
