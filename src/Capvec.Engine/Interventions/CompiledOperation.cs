using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Interventions;

/// <summary>An intervention as the inner loop wants it.</summary>
internal sealed unsafe class CompiledOperation
{
    private readonly SteeringMask _where;
    private readonly SteeringSchedule _schedule;

    public CompiledOperation(Intervention intervention)
    {
        (Operation, Strength, Range, _where, _schedule) = (intervention.Operation, intervention.Strength, intervention.Range, intervention.Where, intervention.Schedule);
        Direction = Operation is SteeringOperation.Add or SteeringOperation.AddKeepNorm ? intervention.Direction.ToArray() : Unit(intervention.Direction);
    }

    /// <summary>What is done.</summary>
    public SteeringOperation Operation { get; }

    /// <summary>[hidden]; of unit length where the row is projected on it.</summary>
    public float[] Direction { get; }

    /// <summary>Alpha before the schedule.</summary>
    public float Strength { get; }

    /// <summary>Of a clamp.</summary>
    public SteeringRange Range { get; }

    /// <summary>Where the mask changes, in positions.</summary>
    public (int From, int To) Bounds => (_where.From, _where.To);

    /// <summary>Whether tokens of a reply differ.</summary>
    public bool IsScheduled => _schedule != SteeringSchedule.Always;

    /// <summary>Whether it acts at a position, and with which strength.</summary>
    /// <param name="position">Absolute position.</param>
    /// <param name="reply">Number of the token in its reply, -1 in the prompt.</param>
    /// <param name="strength">Alpha there.</param>
    public bool Acts(int position, int reply, out float strength)
    {
        strength = 0;
        if (!_where.Holds(position, reply >= 0) || !_schedule.Holds(reply))
            return false;
        strength = (float)(Strength * _schedule.Share(reply));
        // Adding +0 would turn a -0 into +0: what adds nothing does not act.
        return strength != 0 || Operation is not (SteeringOperation.Add or SteeringOperation.AddKeepNorm);
    }

    /// <summary>Changes a row [hidden].</summary>
    public void Apply(float* row, int hidden, float strength)
    {
        fixed (float* v = Direction)
        {
            switch (Operation)
            {
                case SteeringOperation.Add:
                    Rows.AddScaled(row, v, strength, hidden);
                    break;
                case SteeringOperation.Ablate:
                    Rows.AddScaled(row, v, -Rows.Dot(row, v, hidden), hidden);
                    break;
                case SteeringOperation.AddKeepNorm:
                    var before = MathF.Sqrt(Rows.SumOfSquares(row, hidden));
                    Rows.AddScaled(row, v, strength, hidden);
                    var after = MathF.Sqrt(Rows.SumOfSquares(row, hidden));
                    if (after > 0)
                        Rows.Scale(row, row, before / after, hidden);
                    break;
                case SteeringOperation.Clamp:
                    var projection = Rows.Dot(row, v, hidden);
                    var kept = Math.Clamp(projection, Range.Low, Range.High);
                    if (kept != projection)
                        Rows.AddScaled(row, v, kept - projection, hidden);
                    break;
                case SteeringOperation.Affine:
                    Rows.AddScaled(row, v, strength - Rows.Dot(row, v, hidden), hidden);
                    break;
                default:
                    throw new NotSupportedException(Operation.ToString());
            }
        }
    }

    private static float[] Unit(ReadOnlySpan<float> v)
    {
        var squares = 0.0;
        foreach (var x in v)
            squares += (double)x * x;
        var unit = new float[v.Length];
        for (var i = 0; i < v.Length; i++)
            unit[i] = (float)(v[i] / Math.Sqrt(squares));
        return unit;
    }
}
