namespace Capvec.Experiments.Studies;

/// <summary>How tasks are divided between choosing and testing.</summary>
public enum TaskSplit
{
    /// <summary>All tasks serve for both; only the trials are different ones. Called <c>none</c>.</summary>
    None,

    /// <summary>One half makes the direction and chooses layer and strength, the other half tests; each family of tasks is divided evenly. Called <c>half</c>.</summary>
    Half,
}
