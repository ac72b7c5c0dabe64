using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Sampling;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// One request on its way: tokens known so far, of which the state has computed the first <c>State.Length</c>. Touched by the engine's thread
/// alone, but for <see cref="Read"/>, which runs on a worker.
/// </summary>
internal abstract unsafe class EngineWork
{
    protected EngineWork(LoraAdapter? adapter, SteeringPlan plan, CompiledSteering? steering, CancellationToken cancellation) =>
        (Adapter, Plan, Steering, Cancellation) = (adapter, plan, steering, cancellation);

    public LoraAdapter? Adapter { get; }

    public SteeringPlan Plan { get; }

    public CompiledSteering? Steering { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>Set on admission, null before.</summary>
    public SequenceState? State { get; set; }

    public virtual EngineSession? Session => null;

    public virtual CaptureAccumulator? Capture => null;

    /// <summary>Tokens known, computed or not.</summary>
    public abstract List<int> Tokens { get; }

    /// <summary>Whether the model wrote each of them.</summary>
    public abstract List<bool> Own { get; }

    /// <summary>Positions still to compute.</summary>
    public int Pending => Tokens.Count - (State?.Length ?? 0);

    /// <summary>Whether the logits of a position are needed.</summary>
    public abstract bool WantsLogits(int position);

    /// <summary>Takes the logits of a position; runs on a worker, once a position, before <see cref="Advance"/>.</summary>
    public abstract void Read(int position, float* logits, TokenSampler sampler);

    /// <summary>Called after each step that computed rows of this work; true when it is finished and has its result.</summary>
    public abstract bool Advance();

    /// <summary>Whether <see cref="Fail"/> was called.</summary>
    public abstract bool HasFailed { get; }

    public abstract void Fail(Exception e);

    public abstract void Cancel();
}
