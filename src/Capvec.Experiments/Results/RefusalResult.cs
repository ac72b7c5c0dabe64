namespace Capvec.Experiments.Results;

/// <summary>The comparison that a verdict about refusals rests on.</summary>
/// <param name="Tasks">Name pattern of the tasks it is about.</param>
/// <param name="Arms">The test's arms on these tasks; "passed" stands for "refused" in them: their rates, intervals and comparisons are of refusals.</param>
public sealed record RefusalResult(string Tasks, IReadOnlyList<ArmResult> Arms);
