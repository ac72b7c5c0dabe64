using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>ATIF's Metrics: the tokens of a step.</summary>
public sealed record Metrics
{
    /// <summary>Length of the prompt, cached tokens included.</summary>
    public int? PromptTokens { get; init; }

    /// <summary>Length of the reply, its stop token included.</summary>
    public int? CompletionTokens { get; init; }

    /// <summary>Tokens of the prompt that were not computed again.</summary>
    public int? CachedTokens { get; init; }

    /// <summary>What it cost.</summary>
    public double? CostUsd { get; init; }

    /// <summary>[prompt_tokens] the prompt's ids.</summary>
    public IReadOnlyList<int>? PromptTokenIds { get; init; }

    /// <summary>[completion_tokens] the reply's ids, its stop token included.</summary>
    public IReadOnlyList<int>? CompletionTokenIds { get; init; }

    /// <summary>[completion_tokens] ln p of each token of the reply at temperature 1, after steering.</summary>
    public IReadOnlyList<float>? Logprobs { get; init; }

    /// <summary>Extensions.</summary>
    public JsonElement? Extra { get; init; }
}
