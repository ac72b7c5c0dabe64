namespace Capvec.Engine.Interventions;

/// <summary>On which side of its threshold a gate is open; at the threshold itself it is shut.</summary>
public enum GateComparison
{
    /// <summary>Open where the value is greater.</summary>
    Above,

    /// <summary>Open where the value is less.</summary>
    Below,
}
