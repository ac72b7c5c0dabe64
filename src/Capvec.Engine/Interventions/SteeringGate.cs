using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Interventions;

/// <summary>
/// A condition on the prompt that decides whether interventions act on a sequence, after conditional activation steering (CAST; Lee et al. 2024, "Programming refusal with
/// conditional activation steering"). It is decided once a request, on what the model without any steering makes of the whole prompt; so a gate never sees what it lets through.
/// Immutable; two gates are equal when they ask the same.
/// </summary>
public sealed class SteeringGate : IEquatable<SteeringGate>
{
    private readonly float[] _direction;
    private readonly byte[] _digest;

    /// <summary>Makes a gate; the direction is copied.</summary>
    /// <param name="layer">0-based block whose output, <c>resid_post[layer]</c>, is measured.</param>
    /// <param name="direction">[hidden], of any length.</param>
    /// <param name="comparison">The open side of the threshold.</param>
    /// <param name="threshold">In residual units for a projection, -1 to 1 for a cosine.</param>
    /// <param name="measure">What is measured at a position.</param>
    /// <param name="over">How positions are put together.</param>
    /// <exception cref="CapvecException">The direction is empty or zero, a number is not finite, or the layer is negative.</exception>
    public SteeringGate(int layer, ReadOnlySpan<float> direction, GateComparison comparison, float threshold, GateMeasure measure = GateMeasure.Projection, GateReduction over = GateReduction.Last)
    {
        var squares = 0.0;
        foreach (var x in direction)
            squares += (double)x * x;
        if (!double.IsFinite(squares) || squares == 0)
            throw new CapvecException($"the gate's direction at layer {layer} has length {Math.Sqrt(squares):G4}; a direction needs finite numbers that are not all zero.");
        if (!float.IsFinite(threshold))
            throw new CapvecException($"the gate's threshold {threshold} at layer {layer} is not a number; give a finite one.");
        if (layer < 0)
            throw new CapvecException($"the gate's layer {layer} does not exist; layers are 0-based blocks.");
        (Layer, Comparison, Threshold, Measure, Over) = (layer, comparison, threshold, measure, over);
        _direction = direction.ToArray();
        _digest = Compute();
    }

    /// <summary>0-based block whose output is measured.</summary>
    public int Layer { get; }

    /// <summary>[hidden], as given.</summary>
    public ReadOnlySpan<float> Direction => _direction;

    /// <summary>The open side of the threshold.</summary>
    public GateComparison Comparison { get; }

    /// <summary>In residual units for a projection, -1 to 1 for a cosine.</summary>
    public float Threshold { get; }

    /// <summary>What is measured at a position.</summary>
    public GateMeasure Measure { get; }

    /// <summary>How positions are put together.</summary>
    public GateReduction Over { get; }

    /// <summary>SHA-256 over all that it asks.</summary>
    internal ReadOnlySpan<byte> Digest => _digest;

    /// <summary>Whether a value opens it.</summary>
    public bool Opens(double value) => Comparison == GateComparison.Above ? value > Threshold : value < Threshold;

    /// <summary>The value of rows, one a position: their measures, put together.</summary>
    /// <param name="rows">[positions, hidden] of the gate's layer, at least one row.</param>
    public double Value(ReadOnlySpan<float> rows)
    {
        var hidden = _direction.Length;
        var (sum, max, last) = (0.0, double.NegativeInfinity, 0.0);
        for (var at = 0; at < rows.Length; at += hidden)
        {
            last = MeasureOf(rows.Slice(at, hidden));
            sum += last;
            max = Math.Max(max, last);
        }

        return Over switch { GateReduction.Last => last, GateReduction.Max => max, _ => sum / (rows.Length / hidden) };
    }

    /// <inheritdoc/>
    public bool Equals(SteeringGate? other) => other is not null && _digest.AsSpan().SequenceEqual(other._digest);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SteeringGate);

    /// <inheritdoc/>
    public override int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(_digest);

    /// <summary>For example "projection of the last prompt token at layer 7 above 12.5".</summary>
    public override string ToString() => FormattableString.Invariant(
        $"{(Measure == GateMeasure.Projection ? "projection" : "cosine")} {(Over switch { GateReduction.Last => "of the last prompt token", GateReduction.Max => "(largest) of the prompt's tokens", _ => "(mean) of the prompt's tokens" })} at layer {Layer} {(Comparison == GateComparison.Above ? "above" : "below")} {Threshold:0.####}");

    private double MeasureOf(ReadOnlySpan<float> row)
    {
        var (along, squares, length) = (0.0, 0.0, 0.0);
        for (var i = 0; i < row.Length; i++)
        {
            along += (double)row[i] * _direction[i];
            squares += (double)row[i] * row[i];
            length += (double)_direction[i] * _direction[i];
        }

        var projection = along / Math.Sqrt(length);
        return Measure == GateMeasure.Projection ? projection : squares == 0 ? 0 : projection / Math.Sqrt(squares);
    }

    private byte[] Compute()
    {
        Span<byte> head = stackalloc byte[24];
        BinaryPrimitives.WriteInt32LittleEndian(head, Layer);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], (int)Comparison);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], (int)Measure);
        BinaryPrimitives.WriteInt32LittleEndian(head[12..], (int)Over);
        BinaryPrimitives.WriteSingleLittleEndian(head[16..], Threshold);
        BinaryPrimitives.WriteInt32LittleEndian(head[20..], _direction.Length);
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(head);
        sha.AppendData(MemoryMarshal.AsBytes(_direction.AsSpan()));
        return sha.GetHashAndReset();
    }
}
