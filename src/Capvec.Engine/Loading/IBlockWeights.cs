using Capvec.Engine.Layers;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Loading;

/// <summary>What a family asks for while it puts a block together. One implementation reads and packs the tensors, another only looks at their headers.</summary>
internal interface IBlockWeights
{
    /// <summary>Matrices that read the same input as one projection, with the vectors MODULE.bias where <paramref name="bias"/> is set.</summary>
    /// <param name="columns">Inputs of each.</param>
    /// <param name="bias">Whether each has a bias.</param>
    /// <param name="parts">Name without ".weight", and outputs.</param>
    Projection Stack(int columns, bool bias, params (string Module, int Rows)[] parts);

    /// <summary>A vector, for the kernels.</summary>
    NativeBuffer<float> Vector(string name, int length);

    /// <summary>A vector.</summary>
    float[] Read(string name, int length);

    /// <summary>The taps of a causal convolution of each channel, as [taps][channels].</summary>
    NativeBuffer<float> Taps(string name, int channels, int count);

    /// <summary>Refuses a model that holds a certain tensor.</summary>
    /// <exception cref="Formats.Errors.CapvecException">It does.</exception>
    void Refuse(string name, string why);
}
