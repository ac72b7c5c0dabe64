using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Layers;

/// <summary>
/// Weight matrices that read the same input, stacked row by row into one: <c>[q; k; v]</c>, <c>[gate; up]</c>. One pass over the packed
/// weights serves all of them; adapters address the parts by name.
/// </summary>
internal sealed class Projection : IDisposable
{
    public Projection(int id, PackedMatrix weights, IReadOnlyList<ProjectionPart> parts, NativeBuffer<float>? bias = null) => (Id, Weights, Parts, Bias) = (id, weights, parts, bias);

    /// <summary>Number within the model; adapters are looked up by it.</summary>
    public int Id { get; }

    /// <summary>[outputs, inputs].</summary>
    public PackedMatrix Weights { get; }

    /// <summary>The stacked matrices.</summary>
    public IReadOnlyList<ProjectionPart> Parts { get; }

    /// <summary>[outputs], added to every product; null in most families.</summary>
    public NativeBuffer<float>? Bias { get; }

    public void Dispose()
    {
        Weights.Dispose();
        Bias?.Dispose();
    }
}
