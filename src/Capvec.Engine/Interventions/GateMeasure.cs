namespace Capvec.Engine.Interventions;

/// <summary>What a gate measures of a row <c>h</c> with its direction <c>v</c>, <c>u = v / |v|</c>.</summary>
public enum GateMeasure
{
    /// <summary><c>h.u</c>, in residual units.</summary>
    Projection,

    /// <summary><c>h.u / |h|</c>, -1 to 1; 0 for a row of length 0.</summary>
    Cosine,
}
