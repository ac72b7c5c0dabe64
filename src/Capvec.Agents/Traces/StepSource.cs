namespace Capvec.Agents.Traces;

/// <summary>Who a step comes from.</summary>
public enum StepSource
{
    /// <summary>The harness.</summary>
    System,

    /// <summary>The user: the task.</summary>
    User,

    /// <summary>The agent.</summary>
    Agent,
}
