namespace Capvec.Text.Templates;

/// <summary>One message of a conversation.</summary>
/// <param name="Role">system, user, assistant or tool.</param>
/// <param name="Content">Its text; may be empty beside tool calls.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>What the assistant thought before it answered, where that is kept apart from the content. Templates decide which turns show it.</summary>
    public string? Reasoning { get; init; }

    /// <summary>The tools that the assistant called in this message.</summary>
    public IReadOnlyList<ToolCall> ToolCalls { get; init; } = [];

    /// <summary>In a tool's message, the call that it answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>In a tool's message, the tool's name; few templates use it.</summary>
    public string? Name { get; init; }
}
