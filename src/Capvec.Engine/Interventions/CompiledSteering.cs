using Capvec.Formats.Errors;

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
            if (i.Gate is not null)
                throw new InvalidOperationException("a gate has to be decided before a plan is compiled");
            if (i.Layer >= layers)
                throw new CapvecException($"layer {i.Layer} does not exist: the model has blocks 0 to {layers - 1}.");
            if (i.Direction.Length != hidden)
                throw new CapvecException($"the direction at layer {i.Layer} has {i.Direction.Length} numbers, but the model's residual stream is {hidden} wide; it was made for another model.");
            if (i.Operation is (SteeringOperation.Add or SteeringOperation.AddKeepNorm) && i.Strength == 0)
                continue;
            var at = (layers * (int)i.Site) + (i.Site == SteeringSite.Embedding ? 0 : i.Layer);
            (lists[at] ??= []).Add(new CompiledOperation(i));
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
    /// <param name="position">Absolute position.</param>
    /// <param name="reply">Number of the token in its reply, -1 in the prompt.</param>
    public ulong Action(int position, int reply) => _identity.At(position, reply).Action;

    /// <summary>How many blocks compute a position as if nothing acted there.</summary>
    public int Depth(int position, int reply) => _identity.At(position, reply).Depth;

    /// <summary>Applies the operations of a site to one row [hidden], in list order.</summary>
    public void Apply(SteeringSite site, int layer, float* row, int hidden, int position, int reply)
    {
        foreach (var op in _bySite[(_layers * (int)site) + layer])
        {
            if (op.Acts(position, reply, out var strength))
                op.Apply(row, hidden, strength);
        }
    }
}
