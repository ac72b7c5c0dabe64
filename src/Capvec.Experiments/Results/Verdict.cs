namespace Capvec.Experiments.Results;

/// <summary>The study's answer.</summary>
/// <param name="Kind">What was found.</param>
/// <param name="Sentence">One plain sentence with the figures and n.</param>
/// <param name="Notes">Further sentences: controls, choice of layer, what the study cannot tell.</param>
public sealed record Verdict(VerdictKind Kind, string Sentence, IReadOnlyList<string> Notes);
