using System.Collections.Immutable;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Network;

/// <summary>
/// Cosines and sines of the rotary angles, <c>angle_i = position * frequency_i</c>, in float32.
/// </summary>
internal sealed unsafe class RotaryTable : IDisposable
{
    private readonly int _half;
    private readonly ImmutableArray<float> _frequencies;
    private readonly NativeBuffer<float> _table = new(0);
    private int _positions;

    public RotaryTable(ImmutableArray<float> frequencies) => (_half, _frequencies) = (frequencies.Length, frequencies);

    /// <summary>Computes the table up to <paramref name="positions"/> positions. Not thread-safe.</summary>
    public void Reserve(int positions)
    {
        if (positions <= _positions)
            return;
        positions = Math.Max(positions, Math.Max(512, 2 * _positions));
        _table.Resize((long)positions * 2 * _half);
        for (var p = _positions; p < positions; p++)
        {
            var row = _table.Pointer + ((long)p * 2 * _half);
            for (var i = 0; i < _half; i++)
                (row[i], row[_half + i]) = (MathF.Cos(p * _frequencies[i]), MathF.Sin(p * _frequencies[i]));
        }

        _positions = positions;
    }

    /// <summary>Rotates the pairs (i, i + R/2) of one head in place.</summary>
    public void Rotate(float* head, int position)
    {
        var cos = _table.Pointer + ((long)position * 2 * _half);
        var sin = cos + _half;
        for (var i = 0; i < _half; i++)
        {
            var (a, b) = (head[i], head[i + _half]);
            head[i] = (a * cos[i]) - (b * sin[i]);
            head[i + _half] = (b * cos[i]) + (a * sin[i]);
        }
    }

    public void Dispose() => _table.Dispose();
}
