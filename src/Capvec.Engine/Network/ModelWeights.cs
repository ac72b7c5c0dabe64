using Capvec.Engine.Layers;
using Capvec.Numerics.Kernels;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Network;

/// <summary>All weights of a model, packed.</summary>
internal sealed class ModelWeights : IDisposable
{
    /// <summary>The shape.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>[vocabulary, hidden]; shared with <see cref="Output"/> in tied models.</summary>
    public required PackedMatrix Embedding { get; init; }

    /// <summary>The blocks in order.</summary>
    public required IReadOnlyList<Block> Blocks { get; init; }

    /// <summary>[hidden], the whole multiplier.</summary>
    public required NativeBuffer<float> FinalNorm { get; init; }

    /// <summary>[vocabulary, hidden].</summary>
    public required Projection Output { get; init; }

    /// <summary>Projections by number.</summary>
    public IEnumerable<Projection> Projections => Blocks.SelectMany(b => new[] { b.MixerIn, b.MixerOut, b.MlpIn, b.MlpOut }).Append(Output);

    public void Dispose()
    {
        Embedding.Dispose();
        foreach (var block in Blocks)
            block.Dispose();
        FinalNorm.Dispose();
        Output.Dispose();
    }
}
