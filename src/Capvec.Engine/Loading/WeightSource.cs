using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Loading;

/// <summary>
/// Gives a model's tensors under the names and in the order that the network wants, whatever file they are in. The one place that decides in which format a
/// matrix is kept in memory.
/// </summary>
/// <remarks>Rows may be read on many threads at once.</remarks>
internal abstract class WeightSource
{
    /// <summary>The file or folder, for messages.</summary>
    public abstract string Path { get; }

    /// <summary>The files read from, in order; what a hash of the model covers.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>Bytes of all tensors that a text model can use.</summary>
    public abstract long TotalBytes { get; }

    /// <summary>Whether there is such a tensor.</summary>
    public abstract bool Has(string name);

    /// <summary>Bytes of a tensor.</summary>
    public abstract long Bytes(string name);

    /// <summary>The format in which packed weights lose nothing of what the tensor holds.</summary>
    public abstract WeightFormat Format(string name);

    /// <summary>Refuses a tensor that is missing, not of numbers, or of another shape.</summary>
    /// <exception cref="CapvecException">One of these.</exception>
    public abstract void Check(string name, params long[] shape);

    /// <summary>Reads rows of a tensor as float32; a vector is one row.</summary>
    /// <param name="name">The tensor; checked before.</param>
    /// <param name="first">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="values">[rows, columns]: written.</param>
    /// <exception cref="CapvecException">The file cannot be read.</exception>
    public abstract void ReadRows(string name, int first, int rows, Span<float> values);

    /// <summary>Reads rows of a tensor whose <see cref="Format"/> is a block format of GGUF, as the file has them.</summary>
    /// <param name="name">The tensor; checked before.</param>
    /// <param name="first">First row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="blocks">[rows, bytes of a row]: written.</param>
    /// <exception cref="CapvecException">The file cannot be read.</exception>
    public virtual void ReadBlocks(string name, int first, int rows, Span<byte> blocks) => throw new NotSupportedException($"{Path}: {name} has no blocks");

    /// <summary>What the files hold beside the tensors that were used, a line each.</summary>
    public abstract IEnumerable<string> Rest(IReadOnlySet<string> used);
}
