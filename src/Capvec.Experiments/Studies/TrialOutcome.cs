namespace Capvec.Experiments.Studies;

/// <summary>What of a trial a study compares between arms.</summary>
public enum TrialOutcome
{
    /// <summary>Whether it passed. Called <c>passed</c>.</summary>
    Passed,

    /// <summary>Whether the agent refused: at least half of its replies do. Called <c>refusal</c>.</summary>
    Refusal,
}
