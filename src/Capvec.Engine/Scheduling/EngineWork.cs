using System.Runtime.InteropServices;
using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Sampling;
using Capvec.Engine.Sharing;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// One request on its way: tokens known so far, of which the state has computed the first <c>State.Length</c>. Touched by the engine's thread
/// alone, but for <see cref="Read"/>, which runs on a worker.
/// </summary>
internal abstract unsafe class EngineWork
{
    /// <summary>Fewer positions than these are sooner computed than kept or waited for.</summary>
    public const int LeastShared = 16;

    private readonly List<int> _tokens;
    private readonly List<int> _reply = [];
    private readonly List<PrefixStep> _steps = [];
    private readonly PrefixStep[] _trunk;
    private readonly int _firstSteered = int.MaxValue;

    protected EngineWork(IReadOnlyList<int> prompt, IReadOnlyList<bool>? own, LoraAdapter? adapter, CompiledSteering? steering, int layers, CancellationToken cancellation)
    {
        (Adapter, Steering, Cancellation, PromptLength, TrunkDepth) = (adapter, steering, cancellation, prompt.Count, layers);
        _tokens = [.. prompt];
        for (var i = 0; i < PromptLength; i++)
        {
            Append(own?[i] ?? false);
            if (_steps[i].Action == 0)
                continue;
            _firstSteered = Math.Min(_firstSteered, i);
            TrunkDepth = Math.Min(TrunkDepth, steering!.Depth(i, _reply[i]));
        }

        _trunk = IsPromptSteered ? [.. prompt.Select(token => new PrefixStep(token, 0))] : [];
    }

    public LoraAdapter? Adapter { get; }

    public CompiledSteering? Steering { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>Set on admission, null before and after.</summary>
    public SequenceState? State { get; set; }

    /// <summary>Positions that were not computed; set on admission.</summary>
    public int StartLength { get; set; }

    /// <summary>Positions inside the prompt after which the state is kept for others; set on admission.</summary>
    public IReadOnlySet<int> Branches { get; set; } = new HashSet<int>();

    /// <summary>Depths at which the prompt's residual stream is kept for others; set on admission.</summary>
    public IReadOnlyList<int> RecordedDepths { get; set; } = [];

    /// <summary>Depths at which it was asked to keep the residual stream of the whole prompt, whoever waits for it.</summary>
    public virtual IReadOnlyList<int> KeptTrunks => [];

    /// <summary>What this work waits for before it starts, or null.</summary>
    public PendingPrefix? WaitsFor { get; set; }

    /// <summary>Whether it has let another one go first.</summary>
    public bool HasYielded { get; set; }

    public virtual EngineSession? Session => null;

    public virtual CaptureAccumulator? Capture => null;

    /// <summary>Tokens known, computed or not.</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>The tokens known, as a span; invalid after the next one is learned.</summary>
    public ReadOnlySpan<int> TokenSpan => CollectionsMarshal.AsSpan(_tokens);

    /// <summary>The number of each of them in its reply, -1 where the model did not write it, as a span.</summary>
    public ReadOnlySpan<int> ReplySpan => CollectionsMarshal.AsSpan(_reply);

    /// <summary>What decides the state at each token known.</summary>
    public ReadOnlySpan<PrefixStep> Steps => CollectionsMarshal.AsSpan(_steps);

    /// <summary>Tokens that came with the request.</summary>
    public int PromptLength { get; }

    /// <summary>The steps of the prompt.</summary>
    public ReadOnlySpan<PrefixStep> Prompt => Steps[..PromptLength];

    /// <summary>The steps of the prompt as if it were not steered.</summary>
    public ReadOnlySpan<PrefixStep> Trunk => IsPromptSteered ? _trunk : Prompt;

    /// <summary>Whether steering acts on a position of the prompt.</summary>
    public bool IsPromptSteered => IsSteeredBefore(PromptLength);

    /// <summary>Blocks that compute the whole prompt as if it were not steered.</summary>
    public int TrunkDepth { get; }

    /// <summary>Where its prompt could enter the network above a trunk; 0 where it shares the whole of it or nothing.</summary>
    public int EntryDepth => IsPromptSteered ? TrunkDepth : 0;

    /// <summary>Positions still to compute.</summary>
    public int Pending => _tokens.Count - (State?.Length ?? 0);

    /// <summary>Positions that may be taken from elsewhere: those before the first one of which something is wanted.</summary>
    public int Limit => Math.Min(PromptLength - 1, FirstWanted);

    /// <summary>Positions that may take their first blocks from a trunk.</summary>
    public abstract int TrunkLimit { get; }

    /// <summary>First position of which logits or residual rows are wanted.</summary>
    protected abstract int FirstWanted { get; }

    /// <summary>Whether steering acts on one of the first <paramref name="length"/> positions of the prompt.</summary>
    public bool IsSteeredBefore(int length) => _firstSteered < length;

    /// <summary>Whether rows may start after so many blocks: nothing is changed or wanted in them.</summary>
    public bool CanEnterAt(int depth) => depth <= TrunkDepth && (Capture is not { } capture || depth <= capture.Layers.Min() + 1);

    /// <summary>First position whose residual stream at a recorded depth the state has, or will have when the prompt is computed.</summary>
    public int RecordedFrom(int depth)
    {
        var next = Math.Max(State!.Length, State.TrunkLength);
        return State.Tracks.FirstOrDefault(t => t.Depth == depth && t.To == next)?.From ?? next;
    }

    /// <summary>
    /// Whether the state after so many positions is to be kept: where prompts part; and, of a prompt as far as a request like this one could start from it, before the last token and at
    /// regular distances, which go on in the reply.
    /// </summary>
    public bool IsCut(int length, int every) =>
        length - StartLength >= LeastShared
        && (Branches.Contains(length) || (length >= State!.TrunkLength && (length <= Limit || length >= PromptLength) && (length == PromptLength - 1 || length % every == 0)));

    /// <summary>The longest state still to come, of at most so many positions of the prompt, that will be kept; 0 when none will.</summary>
    public int LastCut(int limit, int every)
    {
        for (var length = Math.Min(limit, PromptLength); length > State!.Length; length--)
        {
            if (IsCut(length, every))
                return length;
        }

        return 0;
    }

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

    /// <summary>Adds a token that the model wrote.</summary>
    protected void Learn(int token)
    {
        _tokens.Add(token);
        Append(isOwn: true);
    }

    // Takes up the next token: replies are unbroken runs of the model's own tokens.
    private void Append(bool isOwn)
    {
        var position = _steps.Count;
        _reply.Add(!isOwn ? -1 : position == 0 ? 0 : _reply[position - 1] + 1);
        _steps.Add(new(_tokens[position], Steering?.Action(position, _reply[position]) ?? 0));
    }
}
