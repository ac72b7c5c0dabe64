using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Text.Tokenizers;

namespace Capvec.Server.Chat;

/// <summary>Runs one reply of a job and hands out its pieces as they become certain.</summary>
internal sealed class ReplyRun
{
    private readonly ChatJob _job;
    private readonly int _index;
    private readonly Tokenizer _tokenizer;
    private readonly Action<ReplyPiece> _emit;
    private readonly StreamingDecoder _decoder;
    private readonly StopMatcher _stops;

    // Log-probabilities wait until the text of their token is certain: a token that a stop text swallows is not reported.
    private readonly Queue<(ChatTokenLogprob Entry, int Start)> _waiting = new();
    private int _decoded;
    private int _given;

    /// <summary>Prepares a reply.</summary>
    /// <param name="job">The request.</param>
    /// <param name="index">0-based number of the reply.</param>
    /// <param name="tokenizer">Ids to text.</param>
    /// <param name="emit">Told each piece; called on the engine's thread, so it must be quick.</param>
    public ReplyRun(ChatJob job, int index, Tokenizer tokenizer, Action<ReplyPiece> emit)
    {
        (_job, _index, _tokenizer, _emit) = (job, index, tokenizer, emit);
        _decoder = tokenizer.Stream(skipSpecial: true);
        _stops = new StopMatcher(job.Stops);
    }

    /// <summary>Runs the reply to its end; the last piece carries it.</summary>
    public async Task RunAsync(InferenceEngine engine, CancellationToken cancellation)
    {
        var result = await engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = _job.Prompt,
                Adapter = _job.Model.Adapter,
                Steering = _job.Steering,
                Sampling = _job.Sampling with { Seed = unchecked(_job.Sampling.Seed + (ulong)_index) },
                MaxTokens = _job.MaxTokens,
                StopTokens = [.. engine.Model.StopTokens],
                OnToken = OnToken,
            },
            cancellation);

        var rest = _stops.Push(_decoder.Finish()) + _stops.Finish();
        var stopped = _stops.Stopped || result.Finish is FinishReason.StopToken or FinishReason.Callback;
        var chosen = result.Tokens.Length + (result.StopToken >= 0 ? 1 : 0);
        Emit(rest, new ReplyEnd(stopped ? "stop" : "length", chosen, result.CachedTokens, result.Gates));
    }

    private bool OnToken(int id, float logprob)
    {
        var text = _decoder.Push(id);
        if (_job.Logprobs)
            _waiting.Enqueue((Entry(id, logprob), _decoded));
        _decoded += text.Length;
        Emit(_stops.Push(text), end: null);
        return !_stops.Stopped;
    }

    private void Emit(string text, ReplyEnd? end)
    {
        _given += text.Length;
        List<ChatTokenLogprob>? logprobs = null;
        while (_waiting.TryPeek(out var next) && (next.Start < _given || (end is not null && !_stops.Stopped)))
            (logprobs ??= []).Add(_waiting.Dequeue().Entry);
        if (text.Length > 0 || logprobs is not null || end is not null)
            _emit(new ReplyPiece(_index, text, logprobs, end));
    }

    private ChatTokenLogprob Entry(int id, float logprob) =>
        new(_tokenizer.Decode([id]), logprob, [.. _tokenizer.BytesOf(id).ToArray().Select(x => (int)x)], []);
}
