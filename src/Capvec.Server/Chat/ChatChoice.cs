using System.Text.Json.Serialization;

namespace Capvec.Server.Chat;

/// <summary>One reply, or one piece of one.</summary>
public sealed record ChatChoice
{
    /// <summary>0-based number of the reply.</summary>
    public required int Index { get; init; }

    /// <summary>The whole reply; null in a stream.</summary>
    public ChatReplyMessage? Message { get; init; }

    /// <summary>The next piece; null outside of a stream.</summary>
    public ChatReplyMessage? Delta { get; init; }

    /// <summary>Log-probabilities of the tokens, where asked for.</summary>
    public ChatLogprobs? Logprobs { get; init; }

    /// <summary>stop, length, or null while the reply goes on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }
}
