using System.Text.Json.Nodes;

namespace Capvec.Server.Chat;

/// <summary>What is needed to get the same reply again.</summary>
/// <param name="Seed">Seed of the first reply; reply i used seed + i.</param>
/// <param name="SteeringFingerprint">"none", or 16 hexadecimal digits over every number of the steering.</param>
/// <param name="Steering">The steering as it was understood, or null for none.</param>
public sealed record ChatProvenance(long Seed, string SteeringFingerprint, JsonNode? Steering)
{
    /// <summary>What the gates of the steering decided, which is the same for all replies to a prompt; null where it has none, and in pieces that are sent before it is known.</summary>
    public JsonNode? Gates { get; init; }
}
