using Capvec.Formats.Errors;

namespace Capvec.Engine.Interventions;

/// <summary>Where <see cref="SteeringOperation.Clamp"/> keeps a projection, in residual units; the ends may be infinite, and equal for one value.</summary>
public readonly record struct SteeringRange
{
    /// <summary>Makes a range.</summary>
    /// <exception cref="CapvecException">Its ends are not in order, or it holds no finite number.</exception>
    public SteeringRange(float low, float high)
    {
        if (!(low <= high) || float.IsPositiveInfinity(low) || float.IsNegativeInfinity(high))
            throw new CapvecException($"the range {low} to {high} holds no projection; expected its lower end first.");
        (Low, High) = (low, high);
    }

    /// <summary>Every projection.</summary>
    public static SteeringRange Everything => new(float.NegativeInfinity, float.PositiveInfinity);

    /// <summary>Least projection.</summary>
    public float Low { get; }

    /// <summary>Greatest projection.</summary>
    public float High { get; }
}
