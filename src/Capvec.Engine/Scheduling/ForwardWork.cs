using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Requests;
using Capvec.Engine.Sampling;

namespace Capvec.Engine.Scheduling;

/// <summary>A teacher-forced pass.</summary>
internal sealed unsafe class ForwardWork : EngineWork
{
    private readonly ForwardRequest _request;
    private readonly int _vocabulary;
    private readonly TaskCompletionSource<ForwardResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly float[] _logits;
    private readonly float[] _logProbs;
    private readonly TokenScorer? _scorer;

    public ForwardWork(ForwardRequest request, CompiledSteering? steering, CaptureAccumulator? capture, int layers, int vocabulary, CancellationToken cancellation)
        : base(request.Tokens, request.Own, request.Adapter, steering, layers, cancellation)
    {
        (_request, _vocabulary, Capture) = (request, vocabulary, capture);
        var firstLogits = request.Logits == LogitRows.All || request.NextLogProbs ? 0 : PromptLength - 1;
        if (request.Score is { } score)
            _scorer = new TokenScorer(score, request.Tokens, vocabulary);
        FirstWanted = Math.Min(Math.Min(firstLogits, _scorer?.First ?? int.MaxValue), capture?.First ?? int.MaxValue);
        KeptTrunks = [.. request.KeepTrunks.Select(layer => layer + 1).Where(depth => depth <= TrunkDepth).Distinct()];
        var rows = request.Logits switch { LogitRows.All => Tokens.Count, LogitRows.Last => 1, _ => 0 };
        _logits = new float[checked(rows * vocabulary)];
        _logProbs = request.NextLogProbs ? new float[Tokens.Count - 1] : [];
    }

    public Task<ForwardResult> Task => _done.Task;

    public override CaptureAccumulator? Capture { get; }

    public override IReadOnlyList<int> KeptTrunks { get; }

    public override int TrunkLimit => PromptLength;

    protected override int FirstWanted { get; }

    public override bool WantsLogits(int position) =>
        _request.Logits == LogitRows.All
        || (_request.Logits == LogitRows.Last && position == Tokens.Count - 1)
        || (_request.NextLogProbs && position < Tokens.Count - 1)
        || _scorer?.Wants(position) == true;

    public override void Read(int position, float* logits, TokenSampler sampler)
    {
        if (_request.Logits == LogitRows.All || (_request.Logits == LogitRows.Last && position == Tokens.Count - 1))
        {
            var row = _request.Logits == LogitRows.All ? position : 0;
            new Span<float>(logits, _vocabulary).CopyTo(_logits.AsSpan(row * _vocabulary, _vocabulary));
        }

        if (_request.NextLogProbs && position < Tokens.Count - 1)
            _logProbs[position] = sampler.LogProb(logits, Tokens[position + 1]);
        if (_scorer?.Wants(position) == true)
            _scorer.Read(position, logits, sampler);
    }

    public override bool Advance()
    {
        if (Pending > 0)
            return false;
        _done.TrySetResult(new ForwardResult(_logits, _logProbs, Capture?.Result()) { Scores = _scorer?.Result() });
        return true;
    }

    public override bool HasFailed => _done.Task.IsFaulted;

    public override void Fail(Exception e) => _done.TrySetException(e);

    public override void Cancel() => _done.TrySetCanceled(Cancellation);
}
