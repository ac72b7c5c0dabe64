using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Layers;

/// <summary>
/// Weight matrices that read the same input, stacked row by row: <c>[q; k; v]</c>, <c>[gate; up]</c>. One packing of the input serves all of them; neighbours of the same
/// format are one packed matrix. Adapters address the parts by name.
/// </summary>
internal sealed class Projection : IDisposable
{
    public Projection(int id, IReadOnlyList<PackedMatrix> matrices, IReadOnlyList<ProjectionPart> parts, NativeBuffer<float>? bias = null) => (Id, Matrices, Parts, Bias) = (id, matrices, parts, bias);

    /// <summary>Number within the model; adapters are looked up by it.</summary>
    public int Id { get; }

    /// <summary>The weights [outputs, inputs], from the first output row to the last; more than one where a file quantises the parts differently.</summary>
    public IReadOnlyList<PackedMatrix> Matrices { get; }

    /// <summary>Length of an input row.</summary>
    public int Inputs => Matrices[0].Columns;

    /// <summary>The stacked matrices.</summary>
    public IReadOnlyList<ProjectionPart> Parts { get; }

    /// <summary>[outputs], added to every product; null in most families.</summary>
    public NativeBuffer<float>? Bias { get; }

    /// <summary>The forms in which the input has to be packed.</summary>
    public PackedForms FormsFor(Activations activations) => Matrices.Aggregate((PackedForms)0, (forms, matrix) => forms | Gemm.FormFor(matrix.Format, activations));

    public void Dispose()
    {
        foreach (var matrix in Matrices)
            matrix.Dispose();
        Bias?.Dispose();
    }
}
