using Capvec.Engine.Network;
using Capvec.Numerics.Memory;

namespace Capvec.Engine.Batching;

/// <summary>
/// What a sequence has computed: for each full-attention block its keys and values, for each delta-rule block the last inputs of the
/// convolution and the recurrent matrix. A summary of the whole prefix: it can be continued, not shortened.
/// </summary>
/// <remarks>
/// <code>
/// keys       [kv head][block of 16 positions][head dim][16]   so that 16 scores are one chain of multiply-adds, no horizontal sums
/// values     [kv head][position][head dim padded to 16]
/// conv       [kernel - 1][channels], oldest first, before the convolution
/// recurrent  [value head][key dim][value dim padded to 32]
/// </code>
/// Length == Tokens.Count == Own.Count, and Length &lt;= Capacity.
/// </remarks>
internal sealed unsafe class SequenceState : IDisposable
{
    /// <summary>Positions of a key block.</summary>
    public const int KeyBlock = 16;

    private const int FirstCapacity = 256;
    private readonly ModelConfig _config;
    private readonly NativeBuffer<float>?[] _keys;
    private readonly NativeBuffer<float>?[] _values;
    private readonly NativeBuffer<float>?[] _conv;
    private readonly NativeBuffer<float>?[] _recurrent;

    public SequenceState(ModelConfig config)
    {
        _config = config;
        var n = config.Layers;
        (_keys, _values, _conv, _recurrent) = (new NativeBuffer<float>?[n], new NativeBuffer<float>?[n], new NativeBuffer<float>?[n], new NativeBuffer<float>?[n]);
        ValueStride = (config.HeadDim + 15) / 16 * 16;
        RecurrentStride = (config.ValueDim + 31) / 32 * 32;
        for (var l = 0; l < n; l++)
        {
            if (config.FullAttention[l])
                continue;
            _conv[l] = new NativeBuffer<float>((long)(config.ConvKernel - 1) * config.ConvDim);
            _recurrent[l] = new NativeBuffer<float>((long)config.ValueHeads * config.KeyDim * RecurrentStride);
        }
    }

    /// <summary>Tokens computed, in order.</summary>
    public List<int> Tokens { get; } = [];

    /// <summary>Whether the model wrote each token itself.</summary>
    public List<bool> Own { get; } = [];

    /// <summary>Positions computed.</summary>
    public int Length => Tokens.Count;

    /// <summary>Positions that fit without growing.</summary>
    public int Capacity { get; private set; }

    /// <summary>Elements from one position's values to the next.</summary>
    public int ValueStride { get; }

    /// <summary>Elements from one row of a recurrent matrix to the next.</summary>
    public int RecurrentStride { get; }

    public float* Keys(int layer, int kvHead) => _keys[layer]!.Pointer + ((long)kvHead * Capacity * _config.HeadDim);

    public float* Values(int layer, int kvHead) => _values[layer]!.Pointer + ((long)kvHead * Capacity * ValueStride);

    public float* Conv(int layer) => _conv[layer]!.Pointer;

    public float* Recurrent(int layer, int head) => _recurrent[layer]!.Pointer + ((long)head * _config.KeyDim * RecurrentStride);

    /// <summary>Makes room for <paramref name="length"/> positions.</summary>
    public void Reserve(int length)
    {
        if (length <= Capacity)
            return;
        var capacity = Math.Max(FirstCapacity, Capacity);
        while (capacity < length)
            capacity *= 2;
        for (var l = 0; l < _config.Layers; l++)
        {
            if (!_config.FullAttention[l])
                continue;
            _keys[l] = Grow(_keys[l], capacity, _config.HeadDim);
            _values[l] = Grow(_values[l], capacity, ValueStride);
        }

        Capacity = capacity;
    }

    /// <summary>Forgets everything but keeps the memory.</summary>
    public void Clear()
    {
        Tokens.Clear();
        Own.Clear();
        foreach (var buffer in _conv.Concat(_recurrent))
            buffer?.Span.Clear();
    }

    public void Dispose()
    {
        foreach (var buffer in _keys.Concat(_values).Concat(_conv).Concat(_recurrent))
            buffer?.Dispose();
    }

    // Each head's part is contiguous, so growing moves the parts apart.
    private NativeBuffer<float> Grow(NativeBuffer<float>? old, int capacity, int width)
    {
        var buffer = new NativeBuffer<float>((long)_config.KvHeads * capacity * width);
        for (var h = 0; old is not null && h < _config.KvHeads; h++)
        {
            var count = (long)Capacity * width;
            System.Runtime.InteropServices.NativeMemory.Copy(old.Pointer + (h * count), buffer.Pointer + ((long)h * capacity * width), (nuint)(count * sizeof(float)));
        }

        old?.Dispose();
        return buffer;
    }
}
