using System.Text.Json;
using System.Text.Json.Serialization;

namespace Capvec.Agents.Traces;

/// <summary>Extensions of a step.</summary>
public sealed record StepExtra
{
    /// <summary>Capvec's.</summary>
    public TurnRecord? Capvec { get; init; }

    /// <summary>Those of others, kept.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; init; }
}
