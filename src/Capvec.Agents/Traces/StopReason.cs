namespace Capvec.Agents.Traces;

/// <summary>Why an agent's part of a trial ended.</summary>
public enum StopReason
{
    /// <summary>The agent marked the task complete twice.</summary>
    Done,

    /// <summary>It used up its turns.</summary>
    TurnLimit,

    /// <summary>The task's time for the agent was over.</summary>
    AgentTimeout,

    /// <summary>The conversation filled the model's context.</summary>
    ContextFull,

    /// <summary>The infrastructure failed.</summary>
    Failure,
}
