namespace Capvec.Engine.Interventions;

/// <summary>What a gate found in a prompt.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Value">What it measured.</param>
public sealed record GateDecision(SteeringGate Gate, double Value)
{
    /// <summary>Whether the interventions behind it act.</summary>
    public bool IsOpen => Gate.Opens(Value);
}
