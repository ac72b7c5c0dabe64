using System.Text.Json.Nodes;
using Capvec.Engine.Interventions;

namespace Capvec.Server.Steering;

/// <summary>A request's steering with its vectors found.</summary>
/// <param name="Plan">What the engine does.</param>
/// <param name="Echo">The specification with every field written out, for the answer; null for none.</param>
internal sealed record ResolvedSteering(SteeringPlan Plan, JsonNode? Echo)
{
    /// <summary>No steering.</summary>
    public static ResolvedSteering None { get; } = new(SteeringPlan.None, null);
}
