using System.Text.Json;

namespace Capvec.Text.Templates;

/// <summary>A call of a tool inside an assistant's message.</summary>
/// <param name="Name">The tool's name.</param>
/// <param name="Arguments">Its arguments as a JSON object. Where they arrive as a string (as in OpenAI's API), parse it first: most templates want the object.</param>
/// <param name="Id">The id by which the tool's answer refers to the call.</param>
public sealed record ToolCall(string Name, JsonElement Arguments, string? Id = null);
