using System.Text.Json.Nodes;

namespace Capvec.Server.Chat;

/// <summary>What is needed to get the same reply again.</summary>
/// <param name="Seed">Seed of the first reply; reply i used seed + i.</param>
/// <param name="SteeringFingerprint">"none", or 16 hexadecimal digits over every number of the steering.</param>
/// <param name="Steering">The steering as it was understood, or null for none.</param>
public sealed record ChatProvenance(long Seed, string SteeringFingerprint, JsonNode? Steering);
