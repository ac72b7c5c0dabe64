namespace Capvec.Engine.Interventions;

/// <summary>What an intervention does to the residual stream row <c>h</c> with its direction <c>v</c> and strength <c>alpha</c>.</summary>
public enum SteeringOperation
{
    /// <summary><c>h + alpha v</c>.</summary>
    Add,

    /// <summary><c>h - (h.u) u</c> with <c>u = v / |v|</c>: removes the component along the direction. The strength is not used.</summary>
    Ablate,

    /// <summary><c>(h + alpha v) |h| / |h + alpha v|</c>: turns the row towards the direction and keeps its length.</summary>
    AddKeepNorm,
}
