using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Cli.Progress;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Formats.Errors;
using Capvec.Steering.Activations;

namespace Capvec.Cli.Capturing;

/// <summary>
/// Runs traces through a model once and keeps one row a layer of each: the mean over the agent's own tokens, or the last token of the
/// prompt. Traces that passed are the positives; those without a reward are left out.
/// </summary>
internal static class TraceCapture
{
    /// <summary>Captures every trace below the folders.</summary>
    /// <param name="text">The model that reads the traces, whatever model wrote them.</param>
    /// <param name="folders">Folders of ATIF files.</param>
    /// <param name="lastPrompt">Whether the last prompt token is read, and not the agent's own tokens.</param>
    /// <param name="progress">Is told how far it is.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="CapvecException">There is no trace with a reward, or one cannot be read.</exception>
    public static async Task<ActivationSet> RunAsync(TextModel text, IReadOnlyList<string> folders, bool lastPrompt, ProgressDisplay progress, CancellationToken cancellation)
    {
        var all = folders.SelectMany(TraceReader.LoadAll).ToList();
        var traces = all.Where(trace => trace.Trial.Reward is not null).ToList();
        if (traces.Count < all.Count)
            progress.Remark($"{all.Count - traces.Count} traces without a reward are left out");
        if (traces.Count == 0)
            throw new CapvecException($"{string.Join(", ", folders)}: there is no trace with a reward; give a folder that \"capvec collect\" or a study wrote.");

        using var engine = new InferenceEngine(text.Model);
        var step = progress.Begin("capture", traces.Count, "traces");
        var size = text.Model.Layers * text.Model.Hidden;
        var values = new float[(long)traces.Count * size];
        var done = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, traces.Count),
            new ParallelOptions { MaxDegreeOfParallelism = engine.Options.MaxSequences, CancellationToken = cancellation },
            async (i, token) =>
            {
                var rows = await CaptureAsync(engine, traces[i].Trial.Conversation?.Encoded() ?? traces[i].Conversation(text), Name(traces[i]), lastPrompt, token);
                for (var layer = 0; layer < rows.Length; layer++)
                    rows[layer].CopyTo(values.AsSpan((i * size) + (layer * text.Model.Hidden)));
                step.Report(Interlocked.Increment(ref done));
            });
        step.End();
        return new ActivationSet(
            values, traces.Select(trace => new ActivationTrace(Name(trace), trace.Trial.Task, trace.Trial.Reward >= 0.5)), Enumerable.Range(0, text.Model.Layers), text.Model.Hidden)
        {
            ModelHash = text.Model.Hash,
            Positions = lastPrompt ? "last prompt token before the first reply" : "mean over the agent's own tokens",
            Contrast = $"passed against failed trials of {string.Join(", ", traces.Select(trace => trace.Trial.Arm).Distinct(StringComparer.Ordinal))}",
        };
    }

    private static string Name(Trajectory trace) => $"{trace.Trial.Arm}/{trace.Trial.Task}.{trace.Trial.Attempt}";

    private static async Task<ImmutableArray<float[]>> CaptureAsync(InferenceEngine engine, EncodedConversation conversation, string name, bool lastPrompt, CancellationToken cancellation)
    {
        var first = conversation.Own.IndexOf(true);
        if (first < 1)
            throw new CapvecException($"the trace {name} holds no token of the agent, so there is nothing to capture; remove its file.");
        var result = await engine.ForwardAsync(
            lastPrompt
                ? new ForwardRequest { Tokens = conversation.Ids[..first], Capture = new CaptureRequest { Reduction = CaptureReduction.Last } }
                : new ForwardRequest { Tokens = conversation.Ids, Own = conversation.Own, Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = conversation.Own } },
            cancellation);
        return result.Capture!.Values;
    }
}
