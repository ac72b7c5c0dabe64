using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>ATIF's ToolCall: one thing the agent did.</summary>
public sealed record ToolCall
{
    /// <summary>Names it within the step: <c>call_&lt;turn&gt;_&lt;n&gt;</c> for commands, <c>call_&lt;turn&gt;_task_complete</c>; both count from 1.</summary>
    public required string ToolCallId { get; init; }

    /// <summary><c>bash_command</c> or <c>mark_task_complete</c>.</summary>
    public required string FunctionName { get; init; }

    /// <summary>An object: <c>keystrokes</c> and <c>duration</c> of a command.</summary>
    public required JsonElement Arguments { get; init; }

    /// <summary>Extensions.</summary>
    public JsonElement? Extra { get; init; }
}
