using Capvec.Formats.Errors;
using Capvec.Numerics.Vectors;

namespace Capvec.Engine.Interventions;

/// <summary>
/// A plan sorted by site and layer for one model. Additions of strength 0 are left out, so that they give the same bits as no steering
/// (adding +0 would turn a -0 into +0).
/// </summary>
internal sealed unsafe class CompiledSteering
{
    private static readonly CompiledOperation[] Nothing = [];
    private readonly CompiledOperation[][] _bySite;
    private readonly SteeringIdentity _identity;
    private readonly int _layers;

    public CompiledSteering(SteeringPlan plan, int layers, int hidden)
    {
        _layers = layers;
        var lists = new List<CompiledOperation>?[4 * layers];
        foreach (var i in plan.Interventions)
        {
            if (i.Layer >= layers)
                throw new CapvecException($"layer {i.Layer} does not exist: the model has blocks 0 to {layers - 1}.");
            if (i.Direction.Length != hidden)
                throw new CapvecException($"the direction at layer {i.Layer} has {i.Direction.Length} numbers, but the model's residual stream is {hidden} wide; it was made for another model.");
            if (i.Operation != SteeringOperation.Ablate && i.Strength == 0)
                continue;
            var at = (layers * (int)i.Site) + (i.Site == SteeringSite.Embedding ? 0 : i.Layer);
            (lists[at] ??= []).Add(new CompiledOperation(i.Operation, i.Operation == SteeringOperation.Ablate ? Unit(i.Direction) : i.Direction.ToArray(), i.Strength, i.Where));
        }

        _bySite = [.. lists.Select(list => list is null ? Nothing : [.. list])];
        IsEmpty = _bySite.All(ops => ops.Length == 0);
        _identity = new SteeringIdentity(_bySite.SelectMany((ops, at) => ops.Select(op => new SteeringIdentity.Part(op, (SteeringSite)(at / layers), at % layers))), layers);
    }

    /// <summary>Whether no row is ever changed.</summary>
    public bool IsEmpty { get; }

    /// <summary>Whether anything acts at a site of a layer.</summary>
    public bool Acts(SteeringSite site, int layer) => _bySite[(_layers * (int)site) + layer].Length > 0;

    /// <summary>The identity of what acts at a position, 0 for nothing; positions with the same identity are changed in the same way, under this plan or another.</summary>
    public ulong Action(int position, bool own) => _identity.At(position, own).Action;

    /// <summary>How many blocks compute a position as if nothing acted there.</summary>
    public int Depth(int position, bool own) => _identity.At(position, own).Depth;

    /// <summary>Applies the operations of a site to one row [hidden], in list order.</summary>
    public void Apply(SteeringSite site, int layer, float* row, int hidden, int position, bool own)
    {
        foreach (var op in _bySite[(_layers * (int)site) + layer])
        {
            if (!op.Where.Holds(position, own))
                continue;
            fixed (float* v = op.Direction)
            {
                switch (op.Operation)
                {
                    case SteeringOperation.Add:
                        Rows.AddScaled(row, v, op.Strength, hidden);
                        break;
                    case SteeringOperation.Ablate:
                        Rows.AddScaled(row, v, -Rows.Dot(row, v, hidden), hidden);
                        break;
                    case SteeringOperation.AddKeepNorm:
                        var before = MathF.Sqrt(Rows.SumOfSquares(row, hidden));
                        Rows.AddScaled(row, v, op.Strength, hidden);
                        var after = MathF.Sqrt(Rows.SumOfSquares(row, hidden));
                        if (after > 0)
                            Rows.Scale(row, row, before / after, hidden);
                        break;
                    default:
                        throw new NotSupportedException(op.Operation.ToString());
                }
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
