using Capvec.Engine.Sampling;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Controls;

/// <summary>
/// Random directions, the control that a steered arm is held against: what any vector of the same length does. Uniform on the sphere
/// (normalised Gaussian draws), and the same for the same seed.
/// </summary>
public static class RandomDirection
{
    /// <summary>A random unit vector [hidden].</summary>
    /// <exception cref="CapvecException">The size is not positive.</exception>
    public static float[] Unit(int hidden, ulong seed)
    {
        if (hidden < 1)
            throw new CapvecException($"a random direction of {hidden} numbers cannot be made; give the model's hidden size.");
        var values = new double[hidden];
        var squares = 0.0;
        for (var i = 0; i < hidden; i++)
        {
            values[i] = SeededDraws.Gaussian(seed, (ulong)i);
            squares += values[i] * values[i];
        }

        var length = Math.Sqrt(squares);
        return [.. values.Select(x => (float)(x / length))];
    }

    /// <summary>A random vector as long as <paramref name="vector"/> [hidden].</summary>
    /// <exception cref="CapvecException">The vector is empty.</exception>
    public static float[] SameLength(ReadOnlySpan<float> vector, ulong seed)
    {
        var length = Direction.Length(vector);
        return [.. Unit(vector.Length, seed).Select(x => (float)(x * length))];
    }

    /// <summary>A random direction at each layer of a set, with that layer's margin and residual norm, so that every unit of strength means the same length.</summary>
    public static DirectionSet Like(DirectionSet set, ulong seed) => new(
        set.Directions.Select(d => new Direction(d.Layer, Unit(set.Hidden, SeededDraws.Bits(seed, (ulong)d.Layer)), d.Margin, d.ResidualNorm)),
        set.Provenance with { Estimator = $"random, seed {seed}", Contrast = $"none (control for: {set.Provenance.Contrast ?? "unknown"})", Sign = "none", TrainingTraces = [] });
}
