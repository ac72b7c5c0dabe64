using Capvec.Steering.Validation;

namespace Capvec.Steering.Ranking;

/// <summary>How well the direction of one layer separates, in sample and held out: a row of ranking.csv.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Auc">In-sample AUC: the traces that made the direction, projected on it. Flattered whenever there are more dimensions than traces.</param>
/// <param name="Margin">Mean projection of the positives minus that of the negatives, in residual units: the length of the mean difference.</param>
/// <param name="Positives">Positive traces.</param>
/// <param name="Negatives">Negative traces.</param>
/// <param name="HeldOutAuc">AUC of traces scored on directions that were fitted without them (<see cref="LayerRanking.HeldOutBy"/>).</param>
/// <param name="GroupedAuc">AUC with whole tasks left out; null where that leaves a class empty.</param>
/// <param name="P">One-sided permutation p of the held-out AUC; null when no permutations were asked for.</param>
/// <param name="PMax">The same, corrected for choosing among the layers; null when no permutations were asked for.</param>
/// <param name="ResidualNorm">Mean length of the captured rows at this layer, in residual units.</param>
public sealed record LayerScore(
    int Layer, double Auc, double Margin, int Positives, int Negatives, double HeldOutAuc, double? GroupedAuc, double? P, double? PMax, double ResidualNorm)
{
    /// <summary>95% interval of the held-out AUC over tasks drawn again (<see cref="AucBootstrap"/>); null with a single task.</summary>
    public (double Low, double High)? HeldOutInterval { get; init; }

    /// <summary>Mean cosine of directions fitted on two random halves of the traces (<see cref="Halves"/>); null where a half has no direction.</summary>
    public double? HalvesCosine { get; init; }

    /// <summary>Cosine with the direction of the next block; null at the last.</summary>
    public double? NextCosine { get; init; }

    /// <summary>All traces.</summary>
    public int Traces => Positives + Negatives;

    /// <summary>By held-out AUC, then by margin as a share of the residual norm, then by layer.</summary>
    internal static IEnumerable<LayerScore> BestFirst(IEnumerable<LayerScore> scores) =>
        scores.OrderByDescending(s => s.HeldOutAuc).ThenByDescending(s => s.Margin / s.ResidualNorm).ThenBy(s => s.Layer);
}
