using System.Collections.Concurrent;
using System.Collections.Immutable;
using Capvec.Engine.Batching;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;

namespace Capvec.Engine.Scheduling;

/// <summary>
/// Runs many sequences through one model by continuous batching: each step takes one row of every sequence that is writing and fills up with
/// chunks of prompts. It knows token ids only, never text. Thread-safe: callers enqueue, one dedicated thread computes.
/// </summary>
/// <remarks>
/// A sequence's bits do not depend on what else is in the batch, on how its prompt was cut into chunks, or on whether the state after
/// its first tokens was taken from a session, from another request with the same beginning, or computed again.
/// </remarks>
public sealed class InferenceEngine : IDisposable
{
    private readonly ConcurrentQueue<EngineWork> _incoming = new();
    private readonly ConcurrentQueue<EngineSession> _closing = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly StepRunner _runner;
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Starts an engine over a loaded model; the model stays the caller's to dispose, after the engine.</summary>
    public InferenceEngine(LanguageModel model, EngineOptions? options = null)
    {
        Model = model;
        Options = options ?? new EngineOptions();
        if (!KernelPaths.IsSupported(Options.Kernels))
            throw new CapvecException($"this machine cannot run {Options.Kernels} kernels; it has {string.Join(", ", KernelPaths.Supported)}.");
        if (Options.RowsPerStep < Options.MaxSequences)
            throw new CapvecException($"RowsPerStep is {Options.RowsPerStep}, but every one of MaxSequences = {Options.MaxSequences} needs a row of each step; raise the one or lower the other.");
        Memory = MemoryPlan.Of(model.Config, model.WeightBytes, Options);
        Memory.Check();
        _runner = new StepRunner(model, Options, Memory);
        _thread = new Thread(Loop) { IsBackground = true, Name = "capvec engine" };
        _thread.Start();
    }

    /// <summary>The model.</summary>
    public LanguageModel Model { get; }

    /// <summary>The sizes it runs with.</summary>
    public EngineOptions Options { get; }

    /// <summary>What it takes of the memory.</summary>
    public MemoryPlan Memory { get; }

    /// <summary>Token rows computed since the start.</summary>
    public long RowsComputed => _runner.RowsComputed;

    /// <summary>What was computed and what was shared since the start.</summary>
    public EngineCounters Counters => _runner.Counters;

    /// <summary>Opens a session that keeps a conversation's state between requests.</summary>
    public EngineSession OpenSession() => new(this);

    /// <summary>Continues a prompt.</summary>
    /// <exception cref="CapvecException">The request does not fit the model.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was computed is dropped.</exception>
    public Task<GenerationResult> GenerateAsync(GenerationRequest request, CancellationToken cancellation = default)
    {
        Check(request.Prompt, request.Own, request.Adapter);
        if (request.Prompt.Count >= Model.MaxPositions)
            throw new CapvecException($"the prompt has {request.Prompt.Count} tokens, but the model's context is {Model.MaxPositions}, reply included; shorten the prompt.");
        if (request.MaxTokens < 1)
            throw new CapvecException($"MaxTokens is {request.MaxTokens}; expected at least 1.");
        return request.Steering.Gates.IsEmpty ? Start(request, cancellation) : GatedAsync();

        async Task<GenerationResult> GatedAsync()
        {
            var decisions = await DecideAsync(request.Prompt, request.Adapter, request.Steering.Gates, cancellation).ConfigureAwait(false);
            var result = await Start(request with { Steering = request.Steering.After(decisions) }, cancellation).ConfigureAwait(false);
            return result with { Gates = decisions };
        }
    }

    /// <summary>Runs one teacher-forced pass.</summary>
    /// <exception cref="CapvecException">The request does not fit the model.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; what was computed is dropped.</exception>
    public Task<ForwardResult> ForwardAsync(ForwardRequest request, CancellationToken cancellation = default)
    {
        Check(request.Tokens, request.Own, request.Adapter);
        if (request.Tokens.Count > Model.MaxPositions)
            throw new CapvecException($"the sequence has {request.Tokens.Count} tokens, but the model's context is {Model.MaxPositions}.");
        foreach (var layer in request.KeepTrunks)
        {
            if ((uint)layer >= (uint)Model.Layers)
                throw new CapvecException($"layer {layer}, whose trunk is to be kept, does not exist: the model has blocks 0 to {Model.Layers - 1}.");
        }

        return request.Steering.Gates.IsEmpty ? Start(request, cancellation) : GatedAsync();

        async Task<ForwardResult> GatedAsync()
        {
            var decisions = await DecideAsync(GateReading.PromptOf(request), request.Adapter, request.Steering.Gates, cancellation).ConfigureAwait(false);
            var result = await Start(request with { Steering = request.Steering.After(decisions) }, cancellation).ConfigureAwait(false);
            return result with { Gates = decisions };
        }
    }

    /// <summary>What gates find in a prompt: one pass of the model without steering, which later requests with the same prompt share.</summary>
    /// <param name="prompt">[tokens] ids, at least one.</param>
    /// <param name="adapter">The adapter applied, or null for the plain model.</param>
    /// <param name="gates">The gates.</param>
    /// <param name="cancellation">Drops the pass.</param>
    /// <returns>A decision for each gate, in their order.</returns>
    /// <exception cref="CapvecException">The prompt or a gate does not fit the model.</exception>
    public async Task<ImmutableArray<GateDecision>> DecideAsync(IReadOnlyList<int> prompt, LoraAdapter? adapter, IReadOnlyList<SteeringGate> gates, CancellationToken cancellation = default)
    {
        var reading = new GateReading(gates, Model.Layers, Model.Hidden);
        var result = await ForwardAsync(reading.Request(prompt, adapter), cancellation).ConfigureAwait(false);
        return reading.Decide(result.Capture!);
    }

    /// <summary>Ends the engine: requests that are not finished are cancelled.</summary>
    public void Dispose()
    {
        if (_stopping)
            return;
        if (Thread.CurrentThread == _thread)
            throw new InvalidOperationException("an engine cannot be disposed from a token callback: it would wait for itself");
        _stopping = true;
        _signal.Release();
        _thread.Join();
        _runner.Dispose();
        _signal.Dispose();
    }

    internal void Close(EngineSession session)
    {
        _closing.Enqueue(session);
        if (_stopping)
            return;
        try
        {
            _signal.Release();
        }
        catch (ObjectDisposedException)
        {
            // The engine ended first and has freed the state.
        }
    }

    private Task<GenerationResult> Start(GenerationRequest request, CancellationToken cancellation)
    {
        var work = new GenerationWork(request, Compile(request.Steering), Model.Layers, Model.MaxPositions, cancellation);
        Enqueue(work);
        return work.Task;
    }

    private Task<ForwardResult> Start(ForwardRequest request, CancellationToken cancellation)
    {
        var capture = request.Capture is { } wanted ? new CaptureAccumulator(wanted, Model.Layers, Model.Hidden, request.Tokens.Count) : null;
        var work = new ForwardWork(request, Compile(request.Steering), capture, Model.Layers, Model.Vocabulary, cancellation);
        Enqueue(work);
        return work.Task;
    }

    private void Enqueue(EngineWork work)
    {
        ObjectDisposedException.ThrowIf(_stopping, this);
        _incoming.Enqueue(work);
        _signal.Release();
    }

    private CompiledSteering? Compile(SteeringPlan plan)
    {
        if (plan.IsEmpty)
            return null;
        var compiled = new CompiledSteering(plan, Model.Layers, Model.Hidden);
        return compiled.IsEmpty ? null : compiled;
    }

    private void Check(IReadOnlyList<int> tokens, IReadOnlyList<bool>? own, LoraAdapter? adapter)
    {
        if (tokens.Count == 0)
            throw new CapvecException("the sequence has no tokens; give at least one.");
        foreach (var token in tokens)
        {
            if ((uint)token >= (uint)Model.Vocabulary)
                throw new CapvecException($"token id {token} does not exist: the model's vocabulary has ids 0 to {Model.Vocabulary - 1}.");
        }

        Memory.Check(tokens.Count);
        if (own is not null && own.Count != tokens.Count)
            throw new CapvecException($"the own-token mask has {own.Count} entries for {tokens.Count} tokens; give one for each.");
        if (adapter is not null && adapter.Model != Model)
            throw new CapvecException($"the adapter {adapter.Name} was loaded for another model; load it with this model's LoadAdapter.");
    }

    private void Loop()
    {
        while (!_stopping)
        {
            while (_closing.TryDequeue(out var session))
                _runner.Close(session);
            while (_incoming.TryDequeue(out var work))
                _runner.Add(work);
            if (!_runner.Step())
                _signal.Wait();
        }

        while (_incoming.TryDequeue(out var work))
            _runner.Add(work);
        _runner.Abandon();
    }
}
