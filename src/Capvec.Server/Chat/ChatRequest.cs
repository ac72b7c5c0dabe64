using System.Text.Json;
using System.Text.Json.Serialization;

namespace Capvec.Server.Chat;

/// <summary>The body of POST /v1/chat/completions. A field that is null counts as not given.</summary>
public sealed record ChatRequest
{
    /// <summary>Id of a model of GET /v1/models; the loaded one when not given.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation, oldest first.</summary>
    public List<ChatRequestMessage>? Messages { get; init; }

    /// <summary>Whether the reply comes in pieces.</summary>
    public bool? Stream { get; init; }

    /// <summary>What a stream holds besides the reply.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>Most new tokens (older name).</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Most new tokens.</summary>
    public int? MaxCompletionTokens { get; init; }

    /// <summary>Number of replies; reply i draws with seed + i.</summary>
    public int? N { get; init; }

    /// <summary>Divides the logits; 0 always takes the likeliest token.</summary>
    public float? Temperature { get; init; }

    /// <summary>Keeps the fewest tokens whose probabilities sum to this.</summary>
    public float? TopP { get; init; }

    /// <summary>Keeps so many of the likeliest tokens (not in OpenAI's API).</summary>
    public int? TopK { get; init; }

    /// <summary>Keeps tokens at least this share as likely as the likeliest (not in OpenAI's API).</summary>
    public float? MinP { get; init; }

    /// <summary>Makes tokens that were there already less likely (not in OpenAI's API).</summary>
    public float? RepetitionPenalty { get; init; }

    /// <summary>Seed of the draws; a random one, which the answer names, when not given.</summary>
    public long? Seed { get; init; }

    /// <summary>A text or a list of texts that end the reply; the reply does not hold them.</summary>
    [JsonConverter(typeof(StopTextsConverter))]
    public List<string>? Stop { get; init; }

    /// <summary>Whether each token comes with its log-probability.</summary>
    public bool? Logprobs { get; init; }

    /// <summary>Must be 0: alternatives are not offered.</summary>
    public int? TopLogprobs { get; init; }

    /// <summary>The steering of this request.</summary>
    public JsonElement? Steering { get; init; }

    /// <summary>Every other field.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}
