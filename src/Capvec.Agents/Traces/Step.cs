using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>ATIF's Step: one message, and what followed from it.</summary>
public sealed record Step
{
    /// <summary>1, 2, 3 and so on.</summary>
    public required int StepId { get; init; }

    /// <summary>When it was finished.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Who it comes from.</summary>
    public required StepSource Source { get; init; }

    /// <summary>The model, on an agent's step.</summary>
    public string? ModelName { get; init; }

    /// <summary>The effort asked for, a text or a number, on an agent's step.</summary>
    public JsonElement? ReasoningEffort { get; init; }

    /// <summary>What was said, to the letter.</summary>
    public required string Message { get; init; }

    /// <summary>What was thought, where it is kept apart, on an agent's step.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>What the agent did.</summary>
    public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

    /// <summary>What it then saw.</summary>
    public Observation? Observation { get; init; }

    /// <summary>Tokens, on an agent's step.</summary>
    public Metrics? Metrics { get; init; }

    /// <summary>Whether it repeats an earlier step to give context; such steps are no training data.</summary>
    public bool? IsCopiedContext { get; init; }

    /// <summary>How many calls of the model it took.</summary>
    public int? LlmCallCount { get; init; }

    /// <summary>Extensions.</summary>
    public StepExtra? Extra { get; init; }
}
