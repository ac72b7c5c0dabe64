using Capvec.Agents.Traces;
using Capvec.Cli.Progress;
using Capvec.Engine.Loading;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Running;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;
using Capvec.Numerics.Kernels;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>Captures folders of traces. Traces that passed are the positives; those without a reward are left out.</summary>
internal static class TraceCapture
{
    /// <summary>Captures every trace below the folders.</summary>
    /// <param name="text">The model that reads the traces, whatever model wrote them.</param>
    /// <param name="folders">Folders of ATIF files.</param>
    /// <param name="positions">Which tokens are read.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CapvecException">There is no trace with a reward, or one cannot be read.</exception>
    public static async Task<ActivationSet> RunAsync(TextModel text, IReadOnlyList<string> folders, TokenPositions positions, ProgressDisplay progress, CancellationToken cancellation)
    {
        var all = folders.SelectMany(TraceReader.LoadAll).ToList();
        var traces = all.Where(trace => trace.Trial.Reward is not null).ToList();
        if (traces.Count < all.Count)
            progress.Remark($"{all.Count - traces.Count} traces without a reward are left out");
        if (traces.Count == 0)
            throw new CapvecException($"{string.Join(", ", folders)}: there is no trace with a reward; give a folder that \"capvec collect\" or a study wrote.");

        using var engine = new InferenceEngine(text.Model, new EngineOptions { Activations = Activations.Float32 });
        var step = progress.Begin("capture", traces.Count, "traces");
        var values = await TraceActivations.CaptureAsync(text, engine, traces.Count, i => (traces[i], Name(traces[i])), positions, done => step.Report(done), cancellation);
        step.End();
        return new ActivationSet(
            values, traces.Select(trace => new ActivationTrace(Name(trace), trace.Trial.Task, trace.Trial.Reward >= 0.5) { Arm = trace.Trial.Arm, Measures = TraceMeasures.Of(trace) }), Enumerable.Range(0, text.Model.Layers), text.Model.Hidden)
        {
            ModelHash = text.Model.Hash,
            Positions = TraceActivations.Describe(positions),
            Contrast = $"passed against failed trials of {string.Join(", ", traces.Select(trace => trace.Trial.Arm).Distinct(StringComparer.Ordinal))}",
        };
    }

    private static string Name(Trajectory trace) => $"{trace.Trial.Arm}/{trace.Trial.Task}.{trace.Trial.Attempt}";
}
