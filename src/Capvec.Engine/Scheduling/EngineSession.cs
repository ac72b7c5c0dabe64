using System.Runtime.InteropServices;
using Capvec.Engine.Batching;
using Capvec.Engine.Loading;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// The state of one conversation kept inside an engine (KV cache, convolution and recurrent state). Made by
/// <see cref="InferenceEngine.OpenSession"/>; serves one request at a time; disposing gives its memory back.
/// </summary>
public sealed class EngineSession : IDisposable
{
    private readonly InferenceEngine _engine;
    private LoraAdapter? _adapter;

    internal EngineSession(InferenceEngine engine) => _engine = engine;

    /// <summary>What earlier requests computed; null while a request uses it, and before the first. Guarded by the engine's thread.</summary>
    internal SequenceState? State { get; private set; }

    /// <summary>Set by <see cref="Dispose"/>: a state that comes back later is freed at once.</summary>
    internal bool IsClosed { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _engine.Close(this);

    /// <summary>Keeps a state together with the adapter it was computed with.</summary>
    internal void Keep(SequenceState state, LoraAdapter? adapter) => (State, _adapter) = (state, adapter);

    /// <summary>Hands out the state and forgets it.</summary>
    internal SequenceState? Take()
    {
        var state = State;
        State = null;
        return state;
    }

    /// <summary>How many positions of a prompt the kept state is the state of; 0 unless all it has computed is the prompt's beginning, with the same adapter and steering.</summary>
    internal int Computed(EngineWork work) =>
        State is { } state && state.Length <= work.Limit && work.Adapter == _adapter && CollectionsMarshal.AsSpan(state.Steps).SequenceEqual(work.Prompt[..state.Length]) ? state.Length : 0;

    internal void MarkClosed() => IsClosed = true;
}
