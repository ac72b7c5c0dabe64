using Capvec.Engine.Loading;
using Capvec.Engine.Requests;

namespace Capvec.Engine.Scheduling;

/// <summary>Runs many sequences through one model by continuous batching. It knows token ids only, never text. Thread-safe.</summary>
public sealed class InferenceEngine : IDisposable
{
    /// <summary>Starts an engine over a loaded model; the model stays the caller's to dispose.</summary>
    public InferenceEngine(LanguageModel model, EngineOptions? options = null) => Model = model;

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>Opens a session that keeps a conversation's state between requests.</summary>
    public EngineSession OpenSession() => new(this);

    /// <summary>Continues a prompt.</summary>
    public Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <summary>Runs one teacher-forced pass.</summary>
    public Task<ForwardResult> ForwardAsync(ForwardRequest request, CancellationToken cancellation = default) => throw new NotImplementedException();

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    internal void Close(EngineSession session)
    {
    }
}
