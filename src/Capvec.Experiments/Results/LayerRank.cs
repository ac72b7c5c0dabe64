namespace Capvec.Experiments.Results;

/// <summary>One row of ranking.csv.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="Auc">In-sample AUC of the projections.</param>
/// <param name="Margin">Mean projection of the positives minus that of the negatives, in residual units: the length of the mean difference.</param>
/// <param name="Positives">Positive traces.</param>
/// <param name="Negatives">Negative traces.</param>
/// <param name="HeldOutAuc">Leave-one-out AUC with the direction refitted each time.</param>
/// <param name="PermutationP">Share of label permutations whose held-out AUC is at least as high.</param>
/// <param name="ResidualNorm">Mean length of the captured rows at this layer.</param>
/// <param name="Chosen">Whether the study chose this layer.</param>
public sealed record LayerRank(int Layer, double Auc, double Margin, int Positives, int Negatives, double HeldOutAuc, double PermutationP, double ResidualNorm, bool Chosen);
