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

    /// <summary><c>h + (clip(p) - p) u</c> with <c>p = h.u</c>: keeps the projection in <see cref="Intervention.Range"/>; a row that is in it is left as it is, bit for bit. The strength is not used.</summary>
    Clamp,

    /// <summary><c>h + (alpha - h.u) u</c>: removes the component along the direction and puts <c>alpha</c> in its place; 0 is ablation.</summary>
    Affine,
}
