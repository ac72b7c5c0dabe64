using System.Security.Cryptography;
using System.Text.Json;
using Capvec.Engine.Sampling;
using Capvec.Formats.Errors;
using Capvec.Server.Errors;
using Capvec.Server.Hosting;
using Capvec.Server.Models;
using Capvec.Server.Steering;
using Capvec.Text.Templates;

namespace Capvec.Server.Chat;

/// <summary>Checks a request and turns it into a job. What is not understood is an error, never ignored.</summary>
internal sealed class ChatRequestReader(ModelCatalog models, VectorCatalog vectors, ServerOptions options)
{
    // Fields of OpenAI's API that do not change a reply here.
    private static readonly HashSet<string> Harmless =
        ["user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "parallel_tool_calls", "verbosity"];

    // Fields that would change a reply, with the only value that Capvec can honour.
    private static readonly Dictionary<string, Func<JsonElement, bool>> OnlyDefault = new(StringComparer.Ordinal)
    {
        ["frequency_penalty"] = IsZero,
        ["presence_penalty"] = IsZero,
        ["logit_bias"] = value => value.ValueKind == JsonValueKind.Object && !value.EnumerateObject().Any(),
        ["tools"] = IsEmptyList,
        ["functions"] = IsEmptyList,
        ["tool_choice"] = value => value.ValueKind == JsonValueKind.String && value.GetString() is "none" or "auto",
        ["function_call"] = value => value.ValueKind == JsonValueKind.String && value.GetString() is "none" or "auto",
        ["modalities"] = value => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(one => one.ValueKind == JsonValueKind.String && one.GetString() == "text"),
        ["response_format"] = value => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "text",
    };

    /// <summary>Checks a request.</summary>
    /// <exception cref="ApiException">400 or 404 with the field that is at fault.</exception>
    public ChatJob Read(ChatRequest request)
    {
        RefuseOthers(request.Others, Harmless, OnlyDefault, where: null);
        var model = models.Find(request.Model);
        var prompt = Prompt(request);
        var room = models.Text.Model.MaxPositions - prompt.Length;
        if (room < 1)
        {
            throw ApiException.Invalid(
                $"The conversation has {prompt.Length} tokens and the model reads at most {models.Text.Model.MaxPositions}, the reply included. Shorten the messages.",
                "messages", "context_length_exceeded");
        }

        if (request is { MaxTokens: { } older, MaxCompletionTokens: { } newer } && older != newer)
            throw ApiException.Invalid("max_tokens and max_completion_tokens say different things; send one of them.", "max_tokens");
        var asked = request.MaxCompletionTokens ?? request.MaxTokens;
        Within(asked, 1, models.Text.Model.MaxPositions, request.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens");
        Within(request.N, 1, options.MaxChoices, "n");
        if (request.TopLogprobs is { } top and not 0)
            throw ApiException.Invalid($"top_logprobs {top} is not offered; send 0 or leave it out (logprobs true gives the chosen tokens').", "top_logprobs");
        if (request.StreamOptions is not null && request.Stream is not true)
            throw ApiException.Invalid("stream_options is for requests with stream true.", "stream_options");

        var steering = vectors.Resolve(request.Steering);
        return new ChatJob
        {
            Model = model,
            Prompt = prompt,
            Choices = request.N ?? 1,
            MaxTokens = Math.Min(asked ?? room, room),
            Sampling = Sampling(request),
            Stops = Stops(request.Stop),
            Steering = steering.Plan,
            SteeringEcho = steering.Echo,
            Logprobs = request.Logprobs ?? false,
            Stream = request.Stream ?? false,
            StreamUsage = request.StreamOptions?.IncludeUsage ?? false,
        };
    }

    private int[] Prompt(ChatRequest request)
    {
        if (request.Messages is not { Count: > 0 } messages)
            throw ApiException.Invalid("messages is missing or empty; send at least one, for example {\"role\":\"user\",\"content\":\"Hello\"}.", "messages");
        if (messages.Count > options.MaxMessages)
            throw ApiException.Invalid($"messages has {messages.Count} entries; this server takes at most {options.MaxMessages}.", "messages");
        var conversation = messages.Select(Message).ToList();
        try
        {
            return models.Text.Tokenizer.Encode(models.Text.Template.Render(conversation, addGenerationPrompt: true));
        }
        catch (CapvecException e)
        {
            throw ApiException.Invalid($"The model's chat template refuses these messages: {e.Message}", "messages");
        }
    }

    private static ChatMessage Message(ChatRequestMessage? message, int index)
    {
        var where = $"messages[{index}]";
        if (message is null)
            throw ApiException.Invalid($"{where} is null; an object with role and content was expected.", where);
        RefuseOthers(message.Others, ["name", "refusal", "tool_call_id", "annotations"], new() { ["tool_calls"] = IsEmptyList, ["audio"] = _ => false }, where);
        var role = message.Role switch
        {
            "system" or "user" or "assistant" or "tool" => message.Role,
            "developer" => "system",
            var other => throw ApiException.Invalid($"{where}.role is {(other is null ? "missing" : $"\"{other}\"")}; system, user, assistant or tool was expected.", $"{where}.role"),
        };
        return new ChatMessage(role, Content(message.Content, where));
    }

    private static string Content(JsonElement? content, string where)
    {
        switch (content?.ValueKind)
        {
            case JsonValueKind.String:
                return content.Value.GetString()!;
            case JsonValueKind.Array:
                return string.Concat(content.Value.EnumerateArray().Select(part =>
                    part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "text"
                    && part.TryGetProperty("text", out var text) && text.ValueKind == JsonValueKind.String
                        ? text.GetString()
                        : throw ApiException.Invalid($"{where}.content has a part that is not text; this model reads text only.", $"{where}.content")));
            default:
                throw ApiException.Invalid($"{where}.content is missing; a text or a list of text parts was expected.", $"{where}.content");
        }
    }

    private static SamplingOptions Sampling(ChatRequest request)
    {
        var usual = new SamplingOptions();
        Within(request.Temperature, 0, 10, "temperature");
        Within(request.TopP, float.Epsilon, 1, "top_p");
        Within(request.TopK, 0, int.MaxValue, "top_k");
        Within(request.MinP, 0, 1, "min_p");
        Within(request.RepetitionPenalty, 0.01f, 100, "repetition_penalty");
        return usual with
        {
            Temperature = request.Temperature ?? usual.Temperature,
            TopP = request.TopP ?? usual.TopP,
            TopK = request.TopK ?? usual.TopK,
            MinP = request.MinP ?? usual.MinP,
            RepetitionPenalty = request.RepetitionPenalty ?? usual.RepetitionPenalty,

            // A seed below 2^31 survives every JSON reader, so that the answer's seed can be sent back.
            Seed = request.Seed is { } seed ? unchecked((ulong)seed) : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue),
        };
    }

    private List<string> Stops(List<string>? stops)
    {
        stops ??= [];
        if (stops.Count > options.MaxStops)
            throw ApiException.Invalid($"stop has {stops.Count} texts; this server takes at most {options.MaxStops}.", "stop");
        if (stops.Any(stop => stop.Length == 0 || stop.Length > options.MaxStopLength))
            throw ApiException.Invalid($"every text of stop must have 1 to {options.MaxStopLength} characters.", "stop");
        return stops;
    }

    private static void RefuseOthers(Dictionary<string, JsonElement>? others, HashSet<string> harmless, Dictionary<string, Func<JsonElement, bool>> onlyDefault, string? where)
    {
        foreach (var (name, value) in others ?? [])
        {
            if (value.ValueKind == JsonValueKind.Null || harmless.Contains(name) || (onlyDefault.TryGetValue(name, out var isDefault) && isDefault(value)))
                continue;
            var field = where is null ? name : $"{where}.{name}";
            throw onlyDefault.ContainsKey(name)
                ? ApiException.Invalid($"{field} is not offered by this server; leave it out.", field, "unsupported_parameter")
                : ApiException.Invalid($"{field} is not a field that this server knows; leave it out or mend its spelling.", field, "unknown_parameter");
        }
    }

    private static void Within<T>(T? value, T lowest, T highest, string field)
        where T : struct, IComparable<T>, IFormattable
    {
        if (value is { } given && !(given.CompareTo(lowest) >= 0 && given.CompareTo(highest) <= 0))
            throw ApiException.Invalid(FormattableString.Invariant($"{field} is {given}; a number from {lowest} to {highest} was expected."), field);
    }

    private static bool IsZero(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number == 0;

    private static bool IsEmptyList(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0;
}
