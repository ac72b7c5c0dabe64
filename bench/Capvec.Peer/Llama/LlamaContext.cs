using Capvec.Formats.Errors;

namespace Capvec.Peer.Llama;

/// <summary>A context of llama.cpp: room for some sequences of some length.</summary>
internal sealed unsafe class LlamaContext : IDisposable
{
    // llama.cpp rounds the room of a sequence up to this.
    private const int Rounding = 256;

    /// <summary>Tokens that one call takes at most.</summary>
    public const int MostTokensOfACall = 2048;


    private readonly LlamaModel _model;
    private readonly nint _handle;

    /// <summary>Makes a context.</summary>
    /// <param name="model">The model.</param>
    /// <param name="sequences">Most sequences.</param>
    /// <param name="length">Positions of each.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <exception cref="CapvecException">The library is another version, or there is no memory.</exception>
    public LlamaContext(LlamaModel model, int sequences, int length, int threads)
    {
        _model = model;
        var parameters = LlamaLibrary.DefaultContextParameters();
        if (parameters is not { Length: 512, Batch: MostTokensOfACall, MicroBatch: 512, Sequences: 1 })
            throw new CapvecException("libllama's default parameters are not those of v0.5.0; install the version that package.json pins.");
        parameters.Length = (uint)(sequences * ((length + Rounding - 1) / Rounding * Rounding));
        parameters.Sequences = (uint)sequences;
        parameters.Threads = parameters.BatchThreads = threads;
        _handle = LlamaLibrary.MakeContext(model.Handle, parameters);
        if (_handle == 0)
            throw new CapvecException($"llama.cpp cannot make a context of {parameters.Length} positions; its message stands above.");
        if (LlamaLibrary.ContextLength(_handle) != parameters.Length || LlamaLibrary.Sequences(_handle) != sequences || LlamaLibrary.BatchLength(_handle) != Math.Min(parameters.Length, MostTokensOfACall)
            || LlamaLibrary.Threads(_handle) != threads || LlamaLibrary.BatchThreads(_handle) != threads)
            throw new CapvecException("libllama read other parameters than were meant; install the version that package.json pins.");
    }

    /// <summary>Forgets all sequences.</summary>
    public void Clear() => LlamaLibrary.ClearMemory(LlamaLibrary.Memory(_handle), 1);

    /// <summary>Adds a direction [hidden] times a strength to the output of one block, from now on, to every token.</summary>
    public void Steer(int layer, float[] direction, float alpha)
    {
        // Rows begin with block 1: llama.cpp does not steer block 0.
        var data = new float[(_model.Layers - 1) * _model.Hidden];
        for (var i = 0; i < direction.Length; i++)
            data[((layer - 1) * _model.Hidden) + i] = alpha * direction[i];
        Steer(data, layer, layer);
    }

    /// <summary>Adds rows [layers - 1, hidden] to the outputs of the blocks 1 to the last, from now on, to every token.</summary>
    public void Steer(float[] rows) => Steer(rows, 1, _model.Layers);

    /// <summary>Takes the control vector away.</summary>
    public void Unsteer() => _ = LlamaLibrary.SetControlVector(_handle, null, 0, _model.Hidden, 0, 0);

    /// <summary>Uses an adapter that <see cref="LlamaModel.LoadAdapter"/> loaded, at scale 1, from now on; none where it is 0.</summary>
    public void Adapt(nint adapter)
    {
        var scale = 1f;
        if (LlamaLibrary.SetAdapters(_handle, &adapter, adapter == 0 ? 0u : 1u, &scale) != 0)
            throw new CapvecException("llama.cpp refused the adapter.");
    }

    /// <summary>Reads a run of tokens of every sequence in one call; the last of each gives logits.</summary>
    /// <param name="tokens">[sequences][tokens] ids, equally many for each.</param>
    /// <param name="position">Position of the first of them.</param>
    /// <param name="all">Whether every token gives logits.</param>
    public void Decode(int[][] tokens, int position, bool all = false)
    {
        var (sequences, length) = (tokens.Length, tokens[0].Length);
        var count = sequences * length;
        var (ids, positions, counts, numbers, logits) = (new int[count], new int[count], new int[count], new int[count], new sbyte[count]);
        for (var s = 0; s < sequences; s++)
        {
            for (var t = 0; t < length; t++)
            {
                var i = (s * length) + t;
                (ids[i], positions[i], counts[i], numbers[i], logits[i]) = (tokens[s][t], position + t, 1, s, (sbyte)(all || t == length - 1 ? 1 : 0));
            }
        }

        var pointers = stackalloc int*[count];
        fixed (int* id = ids, at = positions, one = counts, number = numbers)
        fixed (sbyte* wanted = logits)
        {
            for (var i = 0; i < count; i++)
                pointers[i] = number + i;
            var batch = new TokenBatch { Count = count, Tokens = id, Positions = at, SequenceCounts = one, Sequences = pointers, Logits = wanted };
            if (LlamaLibrary.Decode(_handle, batch) is not 0 and var status)
                throw new CapvecException($"llama.cpp could not run a batch of {count} tokens (status {status}).");
        }

        // Waits for the end of the computation.
        _ = LlamaLibrary.Logits(_handle, count - 1);
    }

    /// <summary>Logits [vocabulary] of the i-th token of the last call; valid until the next.</summary>
    public ReadOnlySpan<float> Logits(int index) => new(LlamaLibrary.Logits(_handle, index), _model.Vocabulary);

    /// <inheritdoc/>
    public void Dispose() => LlamaLibrary.FreeContext(_handle);

    private void Steer(float[] rows, int first, int last)
    {
        fixed (float* pointer = rows)
        {
            if (LlamaLibrary.SetControlVector(_handle, pointer, (nuint)rows.Length, _model.Hidden, first, last) != 0)
                throw new CapvecException("llama.cpp refused the control vector.");
        }
    }
}
