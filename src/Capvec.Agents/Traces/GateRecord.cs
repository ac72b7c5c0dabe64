using Capvec.Engine.Interventions;

namespace Capvec.Agents.Traces;

/// <summary>What a gate of the steering decided for one reply.</summary>
/// <param name="Layer">0-based block measured.</param>
/// <param name="Measure">What was measured at a position.</param>
/// <param name="Over">How positions were put together.</param>
/// <param name="Comparison">The open side of the threshold.</param>
/// <param name="Threshold">In residual units for a projection, -1 to 1 for a cosine.</param>
/// <param name="Value">What the prompt gave.</param>
/// <param name="Open">Whether the interventions behind it acted.</param>
public sealed record GateRecord(int Layer, GateMeasure Measure, GateReduction Over, GateComparison Comparison, float Threshold, double Value, bool Open)
{
    /// <summary>The record of a decision.</summary>
    public static GateRecord Of(GateDecision decision) =>
        new(decision.Gate.Layer, decision.Gate.Measure, decision.Gate.Over, decision.Gate.Comparison, decision.Gate.Threshold, decision.Value, decision.IsOpen);
}
