namespace Capvec.Experiments.Statistics;

/// <summary>The p-values of Fisher's exact test.</summary>
/// <param name="Greater">One-sided: the first arm passes more often.</param>
/// <param name="Less">One-sided: the first arm passes less often.</param>
/// <param name="TwoSided">Two-sided: the sum over all tables that are at most as likely as the observed one.</param>
public readonly record struct FisherResult(double Greater, double Less, double TwoSided);
