using System.Collections.Immutable;
using Capvec.Engine.Interventions;
using Capvec.Formats.Errors;

namespace Capvec.Engine.Baking;

/// <summary>
/// Which directions are taken out of what: of the embedding, and of what each block's mixer and MLP write. Several directions of one place are made orthonormal, so that their whole span is taken out.
/// Immutable.
/// </summary>
public sealed class AblationPlan
{
    // Of a unit vector, what of it has to be new beside the ones before; less is rounding of float32.
    private const double LeastNew = 1e-5;

    private readonly IReadOnlyList<double[]> _embedding;
    private readonly ImmutableArray<IReadOnlyList<double[]>> _blocks;

    private AblationPlan(int hidden, IReadOnlyList<double[]> embedding, ImmutableArray<IReadOnlyList<double[]>> blocks) => (Hidden, _embedding, _blocks) = (hidden, embedding, blocks);

    /// <summary>Width of the directions.</summary>
    public int Hidden { get; }

    /// <summary>Number of blocks.</summary>
    public int Layers => _blocks.Length;

    /// <summary>Dimensions taken out of the embedding, and of each block: fewer than the directions where these depend on each other.</summary>
    public (int Embedding, ImmutableArray<int> Blocks) Dimensions => (_embedding.Count, [.. _blocks.Select(b => b.Count)]);

    /// <summary>The ablation at run time that baked weights are equal to.</summary>
    public SteeringPlan AtRunTime => new(
    [
        .. _embedding.Select(q => Ablate(0, q, SteeringSite.Embedding)),
        .. _blocks.SelectMany((block, layer) => new[] { SteeringSite.MixerOutput, SteeringSite.MlpOutput }.SelectMany(site => block.Select(q => Ablate(layer, q, site)))),
    ]);

    /// <summary>The span of some directions, taken out of the embedding and of everything that every block writes: the stream never has anything along them.</summary>
    /// <param name="directions">Each [hidden], of any length.</param>
    /// <param name="layers">Blocks of the model.</param>
    /// <exception cref="CapvecException">There is none, they differ in width, or one has no length.</exception>
    public static AblationPlan Everywhere(IReadOnlyList<float[]> directions, int layers)
    {
        var basis = Basis(directions);
        return new AblationPlan(basis[0].Length, basis, [.. Enumerable.Repeat(basis, layers)]);
    }

    /// <summary>Of each named block its own direction, taken out of what that block writes; the embedding and the other blocks stay as they are.</summary>
    /// <param name="directions">From 0-based block to direction [hidden].</param>
    /// <param name="layers">Blocks of the model.</param>
    /// <exception cref="CapvecException">There is none, they differ in width, one has no length, or a block does not exist.</exception>
    public static AblationPlan EachBlock(IReadOnlyDictionary<int, float[]> directions, int layers)
    {
        if (directions.Keys.FirstOrDefault(b => b >= layers, -1) is >= 0 and var beyond)
            throw new CapvecException($"layer {beyond} does not exist; the model has blocks 0 to {layers - 1}.");
        var hidden = Basis([.. directions.Values])[0].Length;
        return new AblationPlan(hidden, [], [.. Enumerable.Range(0, layers).Select(b => directions.TryGetValue(b, out var direction) ? Basis([direction]) : [])]);
    }

    /// <summary>What is taken out of a tensor's rows or columns; null for the embedding.</summary>
    internal IReadOnlyList<double[]> Of(int? block) => block is { } b ? _blocks[b] : _embedding;

    private static Intervention Ablate(int layer, double[] direction, SteeringSite site) => new(SteeringOperation.Ablate, layer, [.. direction.Select(x => (float)x)], site: site);

    // Gram-Schmidt, twice over, in float64.
    private static List<double[]> Basis(IReadOnlyList<float[]> directions)
    {
        if (directions.Count == 0)
            throw new CapvecException("there is no direction to take out; name at least one layer.");
        var basis = new List<double[]>();
        foreach (var direction in directions)
        {
            if (direction.Length != directions[0].Length)
                throw new CapvecException($"directions have {directions[0].Length} and {direction.Length} numbers; all must have the model's hidden size.");
            var vector = Unit([.. direction.Select(x => (double)x)]);
            for (var pass = 0; pass < 2; pass++)
            {
                foreach (var known in basis)
                {
                    var along = known.Zip(vector, (a, b) => a * b).Sum();
                    for (var i = 0; i < vector.Length; i++)
                        vector[i] -= along * known[i];
                }
            }

            if (Math.Sqrt(vector.Sum(x => x * x)) >= LeastNew)
                basis.Add(Unit(vector));
        }

        return basis;
    }

    private static double[] Unit(double[] vector)
    {
        var length = Math.Sqrt(vector.Sum(x => x * x));
        return double.IsFinite(length) && length > 0
            ? [.. vector.Select(x => x / length)]
            : throw new CapvecException($"the direction has length {length:G4}; a direction needs finite numbers that are not all zero.");
    }
}
