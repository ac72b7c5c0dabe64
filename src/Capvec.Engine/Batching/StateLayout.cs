using System.Collections.Immutable;
using Capvec.Engine.Network;

namespace Capvec.Engine.Batching;

/// <summary>
/// How a model's sequence state lies in memory, in float32:
/// <code>
/// key/value page (attention block, 64 positions)
///   keys       [kv head][block of 16 positions][head dim][16]   so that 16 scores are one chain of multiply-adds, no horizontal sums
///   values     [kv head][position][head dim padded to 16]
/// recurrent page (delta-rule block)
///   recurrent  [value head][strip of 32 columns][key dim][32]: a strip is 16 KB for 128 keys and stays in the first-level cache
///   conv       [kernel - 1][channels], oldest first, before the convolution
/// residual page (64 positions)
///   rows       [position][hidden]
/// </code>
/// </summary>
internal sealed class StateLayout
{
    /// <summary>Positions of a page.</summary>
    public const int PagePositions = 64;

    /// <summary>Positions of a key block; divides <see cref="PagePositions"/>.</summary>
    public const int KeyBlock = 16;

    private readonly int _firstRecurrent;

    public StateLayout(ModelConfig config)
    {
        Attention = config.FullAttention;
        (Hidden, HeadDim, KvHeads, KeyDim) = (config.Hidden, config.HeadDim, config.KvHeads, config.KeyDim);
        ValueStride = (config.HeadDim + 15) / 16 * 16;
        RecurrentStride = (config.ValueDim + 31) / 32 * 32;
        RecurrentFloats = (long)config.ValueHeads * config.KeyDim * RecurrentStride;
        ConvFloats = (long)(config.ConvKernel - 1) * config.ConvDim;
        var first = Attention.IndexOf(false);
        _firstRecurrent = first < 0 ? Layers : first;
    }

    /// <summary>A flag for each block: true for attention, false for the delta rule.</summary>
    public ImmutableArray<bool> Attention { get; }

    /// <summary>Number of blocks.</summary>
    public int Layers => Attention.Length;

    /// <summary>Width of the residual stream.</summary>
    public int Hidden { get; }

    /// <summary>Width of an attention head.</summary>
    public int HeadDim { get; }

    /// <summary>Key/value heads of an attention block.</summary>
    public int KvHeads { get; }

    /// <summary>Width of a delta-rule key head.</summary>
    public int KeyDim { get; }

    /// <summary>Elements from one position's values to the next.</summary>
    public int ValueStride { get; }

    /// <summary>Columns of a recurrent matrix, padded to whole strips of 32.</summary>
    public int RecurrentStride { get; }

    /// <summary>Elements of a block's recurrent matrices.</summary>
    public long RecurrentFloats { get; }

    /// <summary>Elements of a block's convolution history.</summary>
    public long ConvFloats { get; }

    /// <summary>Elements of a key/value page.</summary>
    public long KeyValueFloats => (long)KvHeads * PagePositions * (HeadDim + ValueStride);

    /// <summary>Whether one of the first <paramref name="depth"/> blocks has a state that cannot be shortened.</summary>
    public bool IsRecurrent(int depth) => _firstRecurrent < depth;

    /// <summary>Bytes of the recurrent state of the whole model: what a snapshot of one sequence costs beside its pages.</summary>
    public long SnapshotBytes => Attention.Count(a => !a) * (RecurrentFloats + ConvFloats) * sizeof(float);
}
