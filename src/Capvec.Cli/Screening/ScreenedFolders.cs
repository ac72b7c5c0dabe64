using Capvec.Agents.Traces;
using Capvec.Engine.Interventions;
using Capvec.Engine.Loading;
using Capvec.Experiments.Screening;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Cli.Screening;

/// <summary>Folders of traces for a screen: those that can be scored, that the model under test wrote without steering, and that the directions were not made from.</summary>
/// <param name="Traces">What is read.</param>
/// <param name="HeldOut">How the directions are held out from them, in words.</param>
/// <param name="Remarks">What was left out, a line each.</param>
internal sealed record ScreenedFolders(IReadOnlyList<ScreenTrace> Traces, string HeldOut, IReadOnlyList<string> Remarks)
{
    private const string Known = "that the directions were made from are left out";
    private const string Steered = "that were written under steering are left out; what is weighed are the plain model's own";

    /// <summary>Reads every trace below the folders.</summary>
    /// <remarks>The screen weighs a trace by how much likelier steering makes it than the plain model did: of a trace that steering or another adapter wrote, that says nothing, and a few such traces outweigh all others.</remarks>
    /// <param name="folders">The folders.</param>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter under test, or null.</param>
    /// <param name="directions">The directions.</param>
    /// <exception cref="CapvecException">One cannot be read, or none is left.</exception>
    public static ScreenedFolders Read(IReadOnlyList<string> folders, TextModel model, LoraAdapter? adapter, DirectionSet directions)
    {
        var left = new Dictionary<string, int>(StringComparer.Ordinal);
        var traces = new List<ScreenTrace>();
        var trained = directions.Provenance.TrainingTraces.IsDefaultOrEmpty ? [] : directions.Provenance.TrainingTraces.Select(Key).ToHashSet(StringComparer.Ordinal);
        var foreign = 0;
        foreach (var trace in folders.SelectMany(TraceReader.LoadAll))
        {
            var name = $"{trace.Trial.Arm}/{trace.Trial.Task}.{trace.Trial.Attempt}";
            if (Reason(trace, name, trained, adapter) is { } reason)
            {
                left[reason] = left.GetValueOrDefault(reason) + 1;
                continue;
            }

            foreign += trace.Trial.Model.Hash is { } hash && hash != model.Model.Hash ? 1 : 0;
            traces.Add(ScreenTrace.Of(trace, name, model));
        }

        List<string> remarks = [.. left.Select(l => $"{l.Value} traces {l.Key}")];
        if (foreign > 0)
            remarks.Add($"{foreign} traces are of a model with another hash than {model.Model.Name}; they are weighed as if it had written them");
        if (traces.Count == 0)
        {
            var where = string.Join(", ", folders);
            throw new CapvecException(
                left.ContainsKey(Known) ? $"{where}: the directions were made from every one of these traces, so they would be judged by what they were made from; give traces of other trials (\"capvec collect\" with another --seed and --arm)."
                : left.ContainsKey(Steered) || left.ContainsKey(Adapted(adapter)) ? $"{where}: every trace with a reward was written under steering or with another adapter ({string.Join("; ", remarks)}); give the plain model's own."
                : $"{where}: there is no trace with a reward; give a folder that \"capvec collect\" or a study wrote.");
        }

        return new(traces, trained.Count == 0 ? "the directions do not say which traces they were made from" : "traces that the directions were made from are left out, by arm, task and attempt", remarks);
    }

    // Why a trace is left out, or null.
    private static string? Reason(Trajectory trace, string name, HashSet<string> trained, LoraAdapter? adapter) =>
        trace.Trial.Reward is null ? "without a reward are left out"
        : trace.Steps.All(step => step.Source != StepSource.Agent) ? "without a reply are left out"
        : trained.Contains(name) ? Known
        : trace.Trial.Steering != SteeringPlan.None.Fingerprint ? Steered
        : trace.Trial.Adapter?.Hash != adapter?.Hash ? Adapted(adapter)
        : null;

    private static string Adapted(LoraAdapter? adapter) => adapter is null
        ? "that were written with an adapter are left out; --adapter screens them"
        : "that were written without the adapter, or with another, are left out";

    // Studies name a trace by its path below their folder, capture by arm, task and attempt; the end of the path is the same.
    private static string Key(string id)
    {
        var path = id.EndsWith(".json", StringComparison.Ordinal) ? id[..^5] : id;
        return string.Join('/', path.Split('/')[^Math.Min(2, path.Split('/').Length)..]);
    }
}
