using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Text.Templates;

namespace Capvec.Agents.Trials;

/// <summary>Replies from the engine of this process. All conversations share its batches; each keeps a session of its own between turns.</summary>
public sealed class EngineReplySource : IReplySource
{
    private readonly TextModel _model;
    private readonly InferenceEngine _engine;
    private readonly ConversationEncoder _encoder;

    /// <summary>Replies of a model through an engine that runs it; both stay the caller's to dispose.</summary>
    public EngineReplySource(TextModel model, InferenceEngine engine) => (_model, _engine, _encoder) = (model, engine, new(model));

    /// <inheritdoc/>
    public string ModelName => _model.Model.Name;

    /// <inheritdoc/>
    public string? ModelHash => _model.Model.Hash;

    /// <inheritdoc/>
    public IReplyConversation Open(TrialRequest request) => new EngineReplyConversation(_model, _engine, _encoder, request);

    /// <inheritdoc/>
    public EncodedConversation? Encode(IReadOnlyList<ChatMessage> messages) => _encoder.Encode(messages);
}
