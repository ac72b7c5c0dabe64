using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Lora;

/// <summary>An adapter's matrices for one stacked projection: all A factors [sum of ranks, inputs] in one, and a B factor a part.</summary>
internal sealed class LoraProjection : IDisposable
{
    public LoraProjection(PackedMatrix a, IReadOnlyList<LoraPart> parts) => (A, Parts) = (a, parts);

    public PackedMatrix A { get; }

    public IReadOnlyList<LoraPart> Parts { get; }

    public void Dispose()
    {
        A.Dispose();
        foreach (var part in Parts)
            part.B.Dispose();
    }
}
