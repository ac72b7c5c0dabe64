namespace Capvec.Experiments.Results;

/// <summary>One fact of an audit.</summary>
/// <param name="Fact">Its name.</param>
/// <param name="Separation">How well the held-out scores tell the fact, 0.5 to 1.</param>
/// <param name="Pairs">Pairs of a positive and a negative that are alike in it.</param>
/// <param name="AucHeldFixed">The AUC among these pairs; null without one.</param>
public sealed record AuditFact(string Fact, double Separation, long Pairs, double? AucHeldFixed);
