namespace Capvec.Experiments.Results;

/// <summary>What the direction of the best layer has to do with other facts about the traces, as <c>audit.json</c> says.</summary>
/// <param name="Layer">0-based block.</param>
/// <param name="HeldOutAuc">Held-out AUC over all pairs.</param>
/// <param name="Findings">What was found, a sentence each.</param>
/// <param name="Facts">The figures, the fact that leaves the least first.</param>
public sealed record AuditResult(int Layer, double HeldOutAuc, IReadOnlyList<string> Findings, IReadOnlyList<AuditFact> Facts);
