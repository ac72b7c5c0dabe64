namespace Capvec.Experiments.Results;

/// <summary>What one arm did on one group of tasks in the test. Trials without a reward are left out.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Group">The group of tasks.</param>
/// <param name="Trials">Trials with a reward.</param>
/// <param name="Passed">Those with a reward of at least 0.5.</param>
/// <param name="Refused">Those in which at least half of the replies refuse.</param>
/// <param name="Replies">Replies in all of them.</param>
/// <param name="Refusing">Replies that refuse.</param>
/// <param name="PassedInterval">Wilson 95% interval of the pass rate.</param>
/// <param name="RefusedInterval">Wilson 95% interval of the share of trials refused.</param>
public sealed record GroupOutcome(string Arm, string Group, int Trials, int Passed, int Refused, int Replies, int Refusing, Interval PassedInterval, Interval RefusedInterval);
