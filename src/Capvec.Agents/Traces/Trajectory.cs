using System.Text.Json;
using Capvec.Engine.Loading;
using Capvec.Formats.Errors;
using Capvec.Text.Templates;

namespace Capvec.Agents.Traces;

/// <summary>
/// The record of a trial as ATIF JSON (Harbor's Agent Trajectory Interchange Format, see docs/formats.md). The first step is the user's
/// message, then each step is one reply of the agent with the message it was answered with as its observation.
/// </summary>
public sealed record Trajectory
{
    /// <summary>The version written.</summary>
    public const string CurrentVersion = "ATIF-v1.7";

    /// <summary>ATIF-v1.0 to ATIF-v1.7.</summary>
    public required string SchemaVersion { get; init; }

    /// <summary>Names the run.</summary>
    public string? SessionId { get; init; }

    /// <summary>Names the trajectory.</summary>
    public string? TrajectoryId { get; init; }

    /// <summary>Who acted.</summary>
    public required AgentInfo Agent { get; init; }

    /// <summary>What was said and done, at least one step.</summary>
    public required IReadOnlyList<Step> Steps { get; init; }

    /// <summary>Remarks.</summary>
    public string? Notes { get; init; }

    /// <summary>Sums.</summary>
    public FinalMetrics? FinalMetrics { get; init; }

    /// <summary>The file that goes on where this one ends.</summary>
    public string? ContinuedTrajectoryRef { get; init; }

    /// <summary>Extensions.</summary>
    public TrajectoryExtra? Extra { get; init; }

    /// <summary>Trajectories of helpers.</summary>
    public JsonElement? SubagentTrajectories { get; init; }

    /// <summary>What Capvec notes about the trial.</summary>
    /// <exception cref="CapvecException">The trace was not written by Capvec.</exception>
    [System.Text.Json.Serialization.JsonIgnore]
    public TrialRecord Trial => Extra?.Capvec
        ?? throw new CapvecException("the trace has no extra.capvec, so it is not known which trial it records; collect it with capvec, or read only its messages.");

    /// <summary>
    /// The conversation, to the letter, as it was when the last reply had been given: an observation after the last reply was not answered
    /// and is not part of it. Empty if there was no reply.
    /// </summary>
    public IReadOnlyList<ChatMessage> Messages()
    {
        var messages = new List<ChatMessage>();
        foreach (var step in Steps)
        {
            var role = step.Source switch { StepSource.Agent => "assistant", StepSource.User => "user", _ => "system" };
            messages.Add(new(role, step.Message));
            foreach (var result in step.Observation?.Results ?? [])
            {
                if (result.Content is { } content)
                    messages.Add(new("user", content));
            }
        }

        while (messages.Count > 0 && messages[^1].Role != "assistant")
            messages.RemoveAt(messages.Count - 1);
        return messages;
    }

    /// <summary>The conversation's ids and own tokens, encoded anew for a model: the way to read one model's traces with another.</summary>
    /// <exception cref="CapvecException">There is no reply, or the template shows a reply otherwise than it was said.</exception>
    public EncodedConversation Conversation(TextModel model) => Messages() is { Count: > 0 } messages
        ? new ConversationEncoder(model).Encode(messages)
        : throw new CapvecException("the trace holds no reply of the agent, so there is nothing to encode; leave it out.");
}
