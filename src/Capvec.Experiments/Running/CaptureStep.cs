using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Results;
using Capvec.Experiments.Storage;
using Capvec.Experiments.Studies;
using Capvec.Steering.Activations;

namespace Capvec.Experiments.Running;

/// <summary>Captures the traces of a study's contrast into activations.safetensors.</summary>
internal sealed class CaptureStep(TextModel model, InferenceEngine engine, StudyFolder folder, IRunProgress progress)
{
    /// <summary>Captures every trace of the contrast.</summary>
    public async Task RunAsync(IReadOnlyList<(TrialRow Trial, bool IsPositive)> traces, ContrastPlan contrast, CancellationToken cancellation)
    {
        progress.Started(RunStep.Capture, "residuals of traces", traces.Count, 0, "traces");
        var measures = new ImmutableSortedDictionary<string, double>[traces.Count];
        var values = await TraceActivations.CaptureAsync(model, engine, traces.Count, Load, contrast.Positions, done => progress.Advanced(done, null), cancellation).ConfigureAwait(false);
        new ActivationSet(values, traces.Select((t, i) => new ActivationTrace(t.Trial.TracePath, t.Trial.Task, t.IsPositive) { Arm = t.Trial.Arm, Measures = measures[i] }), Enumerable.Range(0, model.Model.Layers), model.Model.Hidden)
        {
            ModelHash = model.Model.Hash,
            Positions = TraceActivations.Describe(contrast.Positions),
            Contrast = contrast.ToString(),
        }.Save(folder.Activations);
        progress.Finished($"{traces.Count} traces, {model.Model.Layers} layers");

        (Trajectory, string) Load(int i)
        {
            var path = Path.Combine(folder.Root, traces[i].Trial.TracePath);
            var trace = TraceReader.Load(path);
            measures[i] = TraceMeasures.Of(trace);
            return (trace, path);
        }
    }
}
