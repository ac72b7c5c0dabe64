using System.Text.Json;

namespace Capvec.Agents.Traces;

/// <summary>ATIF's FinalMetrics: sums over a trajectory.</summary>
public sealed record FinalMetrics
{
    /// <summary>Prompt tokens of all calls, cached ones included.</summary>
    public long? TotalPromptTokens { get; init; }

    /// <summary>Tokens of all replies.</summary>
    public long? TotalCompletionTokens { get; init; }

    /// <summary>Prompt tokens that were not computed again.</summary>
    public long? TotalCachedTokens { get; init; }

    /// <summary>What all of it cost.</summary>
    public double? TotalCostUsd { get; init; }

    /// <summary>Number of steps.</summary>
    public int? TotalSteps { get; init; }

    /// <summary>Extensions.</summary>
    public JsonElement? Extra { get; init; }
}
