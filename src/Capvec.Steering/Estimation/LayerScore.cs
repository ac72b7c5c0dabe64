namespace Capvec.Steering.Estimation;

/// <summary>How well the direction of one layer separates, in sample and held out: a row of ranking.csv.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Auc">In-sample AUC: the traces that made the direction, projected on it. Flattered whenever there are more dimensions than traces.</param>
/// <param name="Margin">Mean projection of the positives minus that of the negatives, in residual units: the length of the mean difference.</param>
/// <param name="Positives">Positive traces.</param>
/// <param name="Negatives">Negative traces.</param>
/// <param name="HeldOutAuc">Leave-one-out AUC, the direction refitted each time.</param>
/// <param name="GroupedAuc">AUC with whole tasks left out; null where that leaves a class empty.</param>
/// <param name="P">One-sided permutation p of the held-out AUC; null when no permutations were asked for.</param>
/// <param name="PMax">The same, corrected for choosing among the layers; null when no permutations were asked for.</param>
/// <param name="ResidualNorm">Mean length of the captured rows at this layer, in residual units.</param>
public sealed record LayerScore(
    int Layer, double Auc, double Margin, int Positives, int Negatives, double HeldOutAuc, double? GroupedAuc, double? P, double? PMax, double ResidualNorm)
{
    /// <summary>All traces.</summary>
    public int Traces => Positives + Negatives;
}
