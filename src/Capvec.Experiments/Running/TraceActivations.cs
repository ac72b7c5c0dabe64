using System.Collections.Immutable;
using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Engine.Requests;
using Capvec.Engine.Scheduling;
using Capvec.Experiments.Studies;
using Capvec.Formats.Errors;

namespace Capvec.Experiments.Running;

/// <summary>
/// Runs traces through a model once and keeps one residual row a layer of each. The plain model reads them, whatever arm wrote them, so
/// that all traces are seen by the same eyes, as in the original experiment.
/// </summary>
public static class TraceActivations
{
    /// <summary>In words, for provenance and reports.</summary>
    public static string Describe(TokenPositions positions) =>
        positions == TokenPositions.AgentTokens ? "mean over the agent's own tokens" : "last prompt token before the first reply";

    /// <summary>Captures traces, as many at once as the engine takes.</summary>
    /// <param name="model">The model that reads the traces.</param>
    /// <param name="engine">Runs it.</param>
    /// <param name="count">Number of traces.</param>
    /// <param name="load">Gives the i-th trace and its name for messages; called once for each, on any thread.</param>
    /// <param name="positions">Which tokens are read.</param>
    /// <param name="done">Told how many are done, one call at a time.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>[traces, layers, hidden].</returns>
    /// <exception cref="CapvecException">A trace cannot be read or holds no token of the agent.</exception>
    public static async Task<float[]> CaptureAsync(
        TextModel model, InferenceEngine engine, int count, Func<int, (Trajectory Trace, string Name)> load, TokenPositions positions, Action<int> done, CancellationToken cancellation)
    {
        var size = model.Model.Layers * model.Model.Hidden;
        var values = new float[(long)count * size];
        var gate = new Lock();
        var finished = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count),
            new ParallelOptions { MaxDegreeOfParallelism = engine.Options.MaxSequences, CancellationToken = cancellation },
            async (i, token) =>
            {
                var (trace, name) = load(i);
                var rows = await CaptureAsync(engine, trace.Trial.Conversation?.Encoded() ?? trace.Conversation(model), name, positions, token).ConfigureAwait(false);
                for (var layer = 0; layer < rows.Length; layer++)
                    rows[layer].CopyTo(values.AsSpan((i * size) + (layer * model.Model.Hidden)));
                lock (gate)
                    done(++finished);
            }).ConfigureAwait(false);
        return values;
    }

    private static async Task<ImmutableArray<float[]>> CaptureAsync(InferenceEngine engine, EncodedConversation conversation, string name, TokenPositions positions, CancellationToken cancellation)
    {
        var first = conversation.Own.IndexOf(true);
        if (first < 1)
            throw new CapvecException($"the trace {name} holds no token of the agent, so there is nothing to capture; remove its file, or run its trial again.");
        var request = positions == TokenPositions.LastPrompt
            ? new ForwardRequest { Tokens = conversation.Ids[..first], Capture = new CaptureRequest { Reduction = CaptureReduction.Last } }
            : new ForwardRequest { Tokens = conversation.Ids, Own = conversation.Own, Capture = new CaptureRequest { Reduction = CaptureReduction.Mean, Tokens = conversation.Own } };
        var result = await engine.ForwardAsync(request, cancellation).ConfigureAwait(false);
        return result.Capture!.Values;
    }
}
