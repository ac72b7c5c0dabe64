using Capvec.Formats.Errors;

namespace Capvec.Steering.Directions;

/// <summary>One unit vector at one layer. Immutable.</summary>
public sealed class Direction
{
    private readonly float[] _unit;

    /// <summary>Makes a direction; the vector is copied, and brought to length 1 where it is not so to float32 precision.</summary>
    /// <param name="layer">0-based block: the direction lives in <c>resid_post[layer]</c>.</param>
    /// <param name="vector">[hidden].</param>
    /// <param name="margin">See <see cref="Margin"/>; null when unknown.</param>
    /// <param name="residualNorm">See <see cref="ResidualNorm"/>; null when unknown.</param>
    /// <exception cref="CapvecException">The layer is negative, or the vector is empty, zero or not finite.</exception>
    public Direction(int layer, ReadOnlySpan<float> vector, double? margin = null, double? residualNorm = null)
    {
        if (layer < 0)
            throw new CapvecException($"layer {layer} does not exist; layers are 0-based blocks.");
        var length = Length(vector);
        if (!double.IsFinite(length) || length == 0)
            throw new CapvecException($"the direction at layer {layer} has length {length:G4}; a direction needs finite numbers that are not all zero.");
        Layer = layer;
        Margin = margin;
        ResidualNorm = residualNorm;
        _unit = vector.ToArray();
        if (Math.Abs(length - 1) <= 1e-6)
            return;
        for (var i = 0; i < _unit.Length; i++)
            _unit[i] = (float)(vector[i] / length);
    }

    /// <summary>0-based block: the direction lives in <c>resid_post[Layer]</c>, the output of that block before the final norm.</summary>
    public int Layer { get; }

    /// <summary>[hidden], of length 1.</summary>
    public ReadOnlySpan<float> Unit => _unit;

    /// <summary>
    /// Mean projection of the positives on the direction minus that of the negatives, in residual units. For the mean difference this is the
    /// length of the difference of the two means. It is the margin of the original experiment's table; since residuals grow
    /// with depth, compare layers by margin / <see cref="ResidualNorm"/>. Null when unknown.
    /// </summary>
    public double? Margin { get; }

    /// <summary>Mean length of the training rows at this layer, in residual units. Null when unknown.</summary>
    public double? ResidualNorm { get; }

    /// <summary>Length that the vector had in the file it was read from, in residual units: adding <see cref="Unit"/> with this strength is adding that vector. 1 for what was made here.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>The scalar projection of a row [hidden] on the direction, in residual units, summed in float64.</summary>
    public double Project(ReadOnlySpan<float> row)
    {
        var sum = 0.0;
        for (var i = 0; i < _unit.Length; i++)
            sum += (double)row[i] * _unit[i];
        return sum;
    }

    /// <summary>Cosine of the angle between two directions.</summary>
    public double Cosine(Direction other) => Project(other.Unit);

    /// <summary>Euclidean length, summed in float64.</summary>
    public static double Length(ReadOnlySpan<float> vector)
    {
        var squares = 0.0;
        foreach (var x in vector)
            squares += (double)x * x;
        return Math.Sqrt(squares);
    }
}
