using System.Text.Json.Nodes;
using Capvec.Engine.Interventions;

namespace Capvec.Steering.Specification;

/// <summary>Decisions of gates as JSON, for answers; traces hold the same fields.</summary>
public static class GateReport
{
    /// <summary>An object for each decision, in order; null where there is none.</summary>
    public static JsonArray? ToJson(IReadOnlyCollection<GateDecision> decisions) => decisions.Count == 0 ? null : [.. decisions.Select(d => (JsonNode)new JsonObject
    {
        ["layer"] = d.Gate.Layer,
        ["measure"] = Word(d.Gate.Measure),
        ["over"] = Word(d.Gate.Over),
        ["comparison"] = Word(d.Gate.Comparison),
        ["threshold"] = d.Gate.Threshold,
        ["value"] = d.Value,
        ["open"] = d.IsOpen,
    })];

    private static string Word<T>(T value)
        where T : struct, Enum => $"{value}".ToLowerInvariant();
}
