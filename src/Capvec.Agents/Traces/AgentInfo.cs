using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>ATIF's Agent: who acted.</summary>
public sealed record AgentInfo
{
    /// <summary>The agent's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>The model behind it.</summary>
    public string? ModelName { get; init; }

    /// <summary>Tools it was offered.</summary>
    public JsonElement? ToolDefinitions { get; init; }

    /// <summary>Extensions.</summary>
    public JsonElement? Extra { get; init; }
}
