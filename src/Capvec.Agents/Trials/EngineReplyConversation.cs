using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Text.Templates;

namespace Capvec.Agents.Trials;

/// <summary>One trial's conversation with the engine.</summary>
internal sealed class EngineReplyConversation : IReplyConversation
{
    private readonly TextModel _model;
    private readonly InferenceEngine _engine;
    private readonly ConversationEncoder _encoder;
    private readonly TrialRequest _request;
    private readonly EngineSession _session;

    public EngineReplyConversation(TextModel model, InferenceEngine engine, ConversationEncoder encoder, TrialRequest request)
    {
        (_model, _engine, _encoder, _request) = (model, engine, encoder, request);
        _session = engine.OpenSession();
    }

    public async Task<Reply?> ReplyAsync(IReadOnlyList<ChatMessage> messages, ulong seed, CancellationToken cancellation = default)
    {
        // The prompt is encoded anew from the text each turn, as the model was trained, not strung together from the sampled ids:
        // a sampled reply need not be cut into tokens as the tokenizer cuts its text.
        var prompt = _encoder.Encode(messages, addGenerationPrompt: true);
        if (prompt.Ids.Length >= _model.Model.MaxPositions)
            return null;
        var result = await _engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = prompt.Ids,
                Own = prompt.Own,
                Adapter = _request.Adapter,
                Steering = _request.Steering,
                Sampling = _request.Sampling with { Seed = seed },
                MaxTokens = _request.MaxReplyTokens,
                StopTokens = [.. _model.Model.StopTokens],
                Session = _session,
            },
            cancellation).ConfigureAwait(false);
        ImmutableArray<int> written = result.Finish == FinishReason.StopToken ? [.. result.Tokens, result.StopToken] : [.. result.Tokens];
        return new Reply
        {
            Text = _model.Tokenizer.Decode(result.Tokens, skipSpecial: true),
            LengthCut = result.Finish == FinishReason.Length,
            PromptTokens = result.PromptTokens,
            CompletionTokens = written.Length,
            CachedTokens = result.CachedTokens,
            PromptIds = prompt.Ids,
            TokenIds = written,
            LogProbs = [.. result.LogProbs],
            Gates = result.Gates,
        };
    }

    public void Dispose() => _session.Dispose();
}
