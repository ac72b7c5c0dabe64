using System.Text.Json;
using System.Text.Json.Serialization;

namespace Capvec.Agents.Traces;

/// <summary>Extensions of a trajectory.</summary>
public sealed record TrajectoryExtra
{
    /// <summary>Capvec's.</summary>
    public TrialRecord? Capvec { get; init; }

    /// <summary>Those of others, kept.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Other { get; init; }
}
