using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>One result of an observation.</summary>
public sealed record ObservationResult
{
    /// <summary>The tool call of the same step that it answers, or null for all of them.</summary>
    public string? SourceCallId { get; init; }

    /// <summary>The text.</summary>
    public string? Content { get; init; }

    /// <summary>References to trajectories of helpers.</summary>
    public JsonElement? SubagentTrajectoryRef { get; init; }

    /// <summary>Extensions.</summary>
    public JsonElement? Extra { get; init; }
}
