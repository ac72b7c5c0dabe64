using System.Text.Json.Nodes;
using Capvec.Engine.Interventions;
using Capvec.Engine.Sampling;
using Capvec.Server.Models;

namespace Capvec.Server.Chat;

/// <summary>A request that was checked: everything the engine needs.</summary>
internal sealed record ChatJob
{
    /// <summary>What answers.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>[tokens] ids of the conversation with the opening of the reply.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <summary>Number of replies.</summary>
    public required int Choices { get; init; }

    /// <summary>Most new tokens of a reply.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>How tokens are chosen; reply i takes the seed plus i.</summary>
    public required SamplingOptions Sampling { get; init; }

    /// <summary>Texts that end a reply.</summary>
    public required IReadOnlyList<string> Stops { get; init; }

    /// <summary>What acts on the residual stream.</summary>
    public required SteeringPlan Steering { get; init; }

    /// <summary>The steering as it was understood, for the answer.</summary>
    public required JsonNode? SteeringEcho { get; init; }

    /// <summary>Whether tokens come with their log-probabilities.</summary>
    public required bool Logprobs { get; init; }

    /// <summary>Whether the reply comes in pieces.</summary>
    public required bool Stream { get; init; }

    /// <summary>Whether a stream ends with the numbers of tokens.</summary>
    public required bool StreamUsage { get; init; }
}
