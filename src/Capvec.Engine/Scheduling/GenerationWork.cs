using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;

namespace Capvec.Engine.Scheduling;

/// <summary>A reply being written.</summary>
internal sealed unsafe class GenerationWork : EngineWork
{
    private readonly GenerationRequest _request;
    private readonly TaskCompletionSource<GenerationResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<int> _generated = [];
    private readonly List<float> _logProbs = [];
    private readonly HashSet<int> _seen;
    private readonly int _limit;
    private SampledToken _next;
    private bool _hasNext;

    public GenerationWork(GenerationRequest request, CompiledSteering? steering, int layers, int maxPositions, CancellationToken cancellation)
        : base(request.Prompt, request.Own, request.Adapter, steering, layers, cancellation)
    {
        _request = request;
        _seen = request.Sampling.RepetitionPenalty == 1 ? [] : [.. request.Prompt];
        _limit = Math.Min(request.MaxTokens, maxPositions - request.Prompt.Count);
    }

    public Task<GenerationResult> Task => _done.Task;

    public override EngineSession? Session => _request.Session;

    // The last token is computed from the bottom: the state before it is kept, and the same prompt under the same steering finds it.
    public override int TrunkLimit => PromptLength - 1;

    protected override int FirstWanted => PromptLength - 1;

    public override bool WantsLogits(int position) => position == Tokens.Count - 1;

    public override void Read(int position, float* logits, TokenSampler sampler)
    {
        _next = sampler.Sample(logits, _request.Sampling, _seen, _generated.Count);
        _hasNext = true;
    }

    public override bool Advance()
    {
        if (!_hasNext)
            return false;
        _hasNext = false;
        _logProbs.Add(_next.LogProb);
        if (_request.StopTokens.Contains(_next.Id))
            return Finish(FinishReason.StopToken, _next.Id);
        _generated.Add(_next.Id);
        if (_request.OnToken is { } callback && !callback(_next.Id, _next.LogProb))
            return Finish(FinishReason.Callback, -1);
        if (_generated.Count >= _limit)
            return Finish(FinishReason.Length, -1);
        Learn(_next.Id);
        if (_request.Sampling.RepetitionPenalty != 1)
            _seen.Add(_next.Id);
        return false;
    }

    public override bool HasFailed => _done.Task.IsFaulted;

    public override void Fail(Exception e) => _done.TrySetException(e);

    public override void Cancel() => _done.TrySetCanceled(Cancellation);

    private bool Finish(FinishReason reason, int stopToken)
    {
        _done.TrySetResult(new GenerationResult([.. _generated], [.. _logProbs], reason, stopToken, PromptLength, StartLength));
        return true;
    }
}
