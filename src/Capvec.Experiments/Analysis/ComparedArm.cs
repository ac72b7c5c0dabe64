using Capvec.Experiments.Results;

namespace Capvec.Experiments.Analysis;

/// <summary>An arm among folders of traces.</summary>
/// <param name="Passes">Its passes, and how they compare with base's.</param>
/// <param name="Refusals">The same of refused trials, "passed" standing for "refused".</param>
/// <param name="Replies">Replies in all its trials.</param>
/// <param name="Refusing">Those that refuse.</param>
/// <param name="Tokens">Trials of base's seeds, and how many of them went otherwise, token for token; null for base.</param>
/// <param name="SameOutcome">Trials of base's seeds that passed or not, and refused or not, as base's did.</param>
public sealed record ComparedArm(ArmResult Passes, ArmResult Refusals, int Replies, int Refusing, AlphaZeroCheck? Tokens, int SameOutcome);
