using System.Collections.Immutable;

namespace Capvec.Steering.Ranking;

/// <summary>What an estimator's directions are worth at each layer of a set, beside the same with labels that mean nothing.</summary>
/// <param name="Estimator">Its name.</param>
/// <param name="HeldOutAuc">[layers] held-out AUC with the labels as they are; NaN where too few traces are left to fit one.</param>
/// <param name="ShuffledMean">[layers] its mean over the shuffles.</param>
/// <param name="ShuffledHighest">[layers] its highest over the shuffles.</param>
public sealed record EstimatorScore(string Estimator, ImmutableArray<double> HeldOutAuc, ImmutableArray<double> ShuffledMean, ImmutableArray<double> ShuffledHighest);
