using System.Text.Json;
using System.Text.Json.Serialization;

namespace Capvec.Server.Chat;

/// <summary>One message of a request.</summary>
public sealed record ChatRequestMessage
{
    /// <summary>system, user, assistant or tool (developer counts as system).</summary>
    public string? Role { get; init; }

    /// <summary>A text, or a list of parts of type text.</summary>
    public JsonElement? Content { get; init; }

    /// <summary>Every other field.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}
