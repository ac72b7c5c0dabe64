using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
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
    private string _steering = "";

    internal EngineSession(InferenceEngine engine) => _engine = engine;

    /// <summary>What earlier requests computed; null while a request uses it, and before the first. Guarded by the engine's thread.</summary>
    internal SequenceState? State { get; private set; }

    /// <summary>Set by <see cref="Dispose"/>: a state that comes back later is freed at once.</summary>
    internal bool IsClosed { get; private set; }

    /// <inheritdoc/>
    public void Dispose() => _engine.Close(this);

    /// <summary>Keeps a state together with what it was computed under.</summary>
    internal void Keep(SequenceState state, LoraAdapter? adapter, SteeringPlan plan) => (State, _adapter, _steering) = (state, adapter, plan.Fingerprint);

    /// <summary>Hands out the state and forgets it.</summary>
    internal SequenceState? Take()
    {
        var state = State;
        State = null;
        return state;
    }

    /// <summary>Whether the kept state is what computing a prompt's first tokens would give: same adapter, steering, tokens and roles, and a rest to compute.</summary>
    internal bool Continues(EngineWork work)
    {
        if (State is not { } state || state.Length == 0 || state.Length >= work.Tokens.Count || work.Adapter != _adapter || work.Plan.Fingerprint != _steering)
            return false;
        for (var i = 0; i < state.Length; i++)
        {
            if (state.Tokens[i] != work.Tokens[i] || state.Own[i] != work.Own[i])
                return false;
        }

        return true;
    }

    internal void MarkClosed() => IsClosed = true;
}
