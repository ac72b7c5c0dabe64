using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Results;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Experiments.Running;

/// <summary>
/// Reads collected traces with the plain model, whatever arm wrote them, and keeps one row a layer of each: so that all traces are seen by the
/// same eyes, as in the original experiment.
/// </summary>
internal sealed class CaptureStep(TextModel model, InferenceEngine engine, StudyFolder folder, IRunProgress progress)
{
    /// <summary>Captures every trace of the contrast into activations.safetensors.</summary>
    public async Task RunAsync(IReadOnlyList<(TrialRow Trial, bool IsPositive)> traces, ContrastPlan contrast, CancellationToken cancellation)
    {
        progress.Started(RunStep.Capture, "residuals of traces", traces.Count, 0, "traces");
        var size = model.Model.Layers * model.Model.Hidden;
        var values = new float[(long)traces.Count * size];
        var gate = new Lock();
        var done = 0;
        var options = new ParallelOptions { MaxDegreeOfParallelism = engine.Options.MaxSequences, CancellationToken = cancellation };
        await Parallel.ForEachAsync(
            Enumerable.Range(0, traces.Count),
            options,
            async (i, token) =>
            {
                var rows = await CaptureAsync(traces[i].Trial, contrast.Positions, token).ConfigureAwait(false);
                for (var layer = 0; layer < rows.Length; layer++)
                    rows[layer].CopyTo(values.AsSpan((i * size) + (layer * model.Model.Hidden)));
                lock (gate)
                    progress.Advanced(++done, null);
            }).ConfigureAwait(false);
        new ActivationSet(values, traces.Select(t => new ActivationTrace(t.Trial.TracePath, t.Trial.Task, t.IsPositive)), Enumerable.Range(0, model.Model.Layers), model.Model.Hidden)
        {
            ModelHash = model.Model.Hash,
            Positions = Describe(contrast.Positions),
            Contrast = contrast.ToString(),
        }.Save(folder.Activations);
        progress.Finished($"{traces.Count} traces, {model.Model.Layers} layers");
    }

    /// <summary>In words, for provenance and reports.</summary>
    public static string Describe(TokenPositions positions) =>
        positions == TokenPositions.AgentTokens ? "mean over the agent's own tokens" : "last prompt token before the first reply";

    private async Task<ImmutableArray<float[]>> CaptureAsync(TrialRow trial, TokenPositions positions, CancellationToken cancellation)
    {
        var path = Path.Combine(folder.Root, trial.TracePath);
        var trace = TraceReader.Load(path);
        var conversation = trace.Trial.Conversation?.Encoded() ?? trace.Conversation(model);
        var request = new ForwardRequest
        {
            Tokens = conversation.Ids,
            Own = conversation.Own,
            Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = conversation.Own },
        };
        if (positions == TokenPositions.LastPrompt)
        {
            var first = conversation.Own.IndexOf(true);
            request = new ForwardRequest { Tokens = conversation.Ids[..first], Capture = new CaptureRequest { Reduction = CaptureReduction.Last } };
        }

        var result = await engine.ForwardAsync(request, cancellation).ConfigureAwait(false);
        return result.Capture is { Tokens: > 0 } capture
            ? capture.Values
            : throw new CapvecException($"{path} holds no token of the agent, so there is nothing to capture; run the study again with that file removed.");
    }
}
