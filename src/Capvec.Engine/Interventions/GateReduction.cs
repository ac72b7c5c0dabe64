namespace Capvec.Engine.Interventions;

/// <summary>How the measures at the positions of a prompt become the value of a gate.</summary>
public enum GateReduction
{
    /// <summary>That of the last position, where the reply begins.</summary>
    Last,

    /// <summary>Their mean, in float64 in order of position.</summary>
    Mean,

    /// <summary>The largest of them.</summary>
    Max,
}
