namespace Capvec.Experiments.Studies;

/// <summary>What the verdict is about.</summary>
/// <param name="Outcome">What of a trial is compared.</param>
/// <param name="Tasks">Name pattern of the tasks it is compared on; what happens on the others are side effects.</param>
public sealed record OutcomePlan(TrialOutcome Outcome = TrialOutcome.Passed, string Tasks = "*");
