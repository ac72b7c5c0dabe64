using Capvec.Formats.Errors;

namespace Capvec.Engine.Interventions;

/// <summary>One change of the residual stream: an operation with a direction and a strength, at one site of one layer, on some positions. Immutable.</summary>
public sealed class Intervention
{
    private readonly float[] _direction;
    private readonly SteeringSchedule _schedule = SteeringSchedule.Always;
    private readonly SteeringRange _range = SteeringRange.Everything;

    /// <summary>Makes an intervention; the direction is copied.</summary>
    /// <param name="operation">What is done to a row.</param>
    /// <param name="layer">0-based block.</param>
    /// <param name="direction">[hidden]; used at the length it has by the additions, normalised by the others.</param>
    /// <param name="strength">Alpha, in residual units a unit of direction; negative is allowed. Not used by ablate and clamp.</param>
    /// <param name="where">The positions acted on; all of them when null.</param>
    /// <param name="site">Where in the block.</param>
    /// <exception cref="CapvecException">The direction is empty or zero, a number is not finite, or the layer is negative.</exception>
    public Intervention(SteeringOperation operation, int layer, ReadOnlySpan<float> direction, float strength = 0, SteeringMask? where = null, SteeringSite site = SteeringSite.BlockOutput)
    {
        var squares = 0.0;
        foreach (var x in direction)
            squares += (double)x * x;
        if (!double.IsFinite(squares) || squares == 0)
            throw new CapvecException($"the direction at layer {layer} has length {Math.Sqrt(squares):G4}; a direction needs finite numbers that are not all zero.");
        if (!float.IsFinite(strength))
            throw new CapvecException($"the strength {strength} at layer {layer} is not a number; give a finite alpha.");
        if (layer < 0)
            throw new CapvecException($"layer {layer} does not exist; layers are 0-based blocks.");
        Operation = operation;
        Layer = layer;
        Strength = strength;
        Where = where ?? SteeringMask.All;
        Site = site;
        _direction = direction.ToArray();
    }

    private Intervention(Intervention other, ReadOnlySpan<float> direction, SteeringGate? gate)
        : this(other.Operation, other.Layer, direction, other.Strength, other.Where, other.Site) =>
        (_range, _schedule, Gate) = (other._range, other._schedule, gate);

    /// <summary>What is done to a row.</summary>
    public SteeringOperation Operation { get; }

    /// <summary>0-based block.</summary>
    public int Layer { get; }

    /// <summary>[hidden], as given.</summary>
    public ReadOnlySpan<float> Direction => _direction;

    /// <summary>Alpha, in residual units a unit of <see cref="Direction"/>.</summary>
    public float Strength { get; }

    /// <summary>The positions acted on.</summary>
    public SteeringMask Where { get; }

    /// <summary>Where in the block.</summary>
    public SteeringSite Site { get; }

    /// <summary>Where the projection is kept by <see cref="SteeringOperation.Clamp"/>; not used by the others.</summary>
    /// <exception cref="CapvecException">The operation is another one.</exception>
    public SteeringRange Range
    {
        get => _range;
        init => _range = Operation == SteeringOperation.Clamp ? value : throw new CapvecException($"the range at layer {Layer} belongs to clamp; {Operation} has none.");
    }

    /// <summary>Tokens of a reply acted on, and the strength there.</summary>
    /// <exception cref="CapvecException">It fades, and the operation has no strength that could.</exception>
    public SteeringSchedule Schedule
    {
        get => _schedule;
        init => _schedule = value.Decays && Operation is (SteeringOperation.Ablate or SteeringOperation.Clamp)
            ? throw new CapvecException($"the half-life at layer {Layer} fades a strength, and {Operation} has none; leave it out.")
            : value;
    }

    /// <summary>Decides for a whole request whether it acts; null for always.</summary>
    public SteeringGate? Gate { get; init; }

    /// <summary>The same with another direction [hidden], which is copied; its gate keeps its own.</summary>
    /// <exception cref="CapvecException">The direction is empty or zero.</exception>
    public Intervention WithDirection(ReadOnlySpan<float> direction) => new(this, direction, Gate);

    /// <summary>The same, acting always.</summary>
    internal Intervention Ungated() => new(this, _direction, null);
}
