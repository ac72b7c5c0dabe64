namespace Capvec.Engine.Scheduling;

/// <summary>
/// The state of one conversation kept inside an engine (KV cache, convolution and recurrent state). Made by
/// <see cref="InferenceEngine.OpenSession"/>; serves one request at a time; disposing gives its memory back.
/// </summary>
public sealed class EngineSession : IDisposable
{
    private readonly InferenceEngine _engine;

    internal EngineSession(InferenceEngine engine) => _engine = engine;

    /// <inheritdoc/>
    public void Dispose() => _engine.Close(this);
}
