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
    /// <summary>Reads every trace below the folders.</summary>
    /// <remarks>The screen weighs a trace by how much likelier steering makes it than the plain model did: of a trace that steering or another adapter wrote, that says nothing, and a few such traces outweigh all others.</remarks>
    /// <param name="folders">The folders.</param>
    /// <param name="model">The model.</param>
    /// <param name="adapter">The adapter under test, or null.</param>
    /// <param name="directions">The directions.</param>
    /// <exception cref="CapvecException">One cannot be read, or none is left.</exception>
    public static ScreenedFolders Read(IReadOnlyList<string> folders, TextModel model, LoraAdapter? adapter, DirectionSet directions)
    {
        var remarks = new List<string>();
        var traces = new List<ScreenTrace>();
        var trained = directions.Provenance.TrainingTraces.IsDefaultOrEmpty ? [] : directions.Provenance.TrainingTraces.Select(Key).ToHashSet(StringComparer.Ordinal);
        var (unrewarded, silent, known, steered, adapted, foreign) = (0, 0, 0, 0, 0, 0);
        foreach (var trace in folders.SelectMany(TraceReader.LoadAll))
        {
            var name = $"{trace.Trial.Arm}/{trace.Trial.Task}.{trace.Trial.Attempt}";
            if (trace.Trial.Reward is null)
                unrewarded++;
            else if (trace.Steps.All(step => step.Source != StepSource.Agent))
                silent++;
            else if (trained.Contains(name))
                known++;
            else if (trace.Trial.Steering != SteeringPlan.None.Fingerprint)
                steered++;
            else if (trace.Trial.Adapter?.Hash != adapter?.Hash)
                adapted++;
            else
            {
                foreign += trace.Trial.Model.Hash is { } hash && hash != model.Model.Hash ? 1 : 0;
                traces.Add(ScreenTrace.Of(trace, name, model));
            }
        }

        if (unrewarded > 0)
            remarks.Add($"{unrewarded} traces without a reward are left out");
        if (silent > 0)
            remarks.Add($"{silent} traces without a reply are left out");
        if (known > 0)
            remarks.Add($"{known} traces that the directions were made from are left out");
        if (steered > 0)
            remarks.Add($"{steered} traces that were written under steering are left out; what is weighed are the plain model's own");
        if (adapted > 0)
            remarks.Add($"{adapted} traces that were written {(adapter is null ? "with an adapter" : "without the adapter, or with another,")} are left out{(adapter is null ? "; --adapter screens them" : "")}");
        if (foreign > 0)
            remarks.Add($"{foreign} traces are of a model with another hash than {model.Model.Name}; they are weighed as if it had written them");
        if (traces.Count == 0)
        {
            if (steered + adapted > 0 && known == 0)
                throw new CapvecException($"{string.Join(", ", folders)}: every trace with a reward was written under steering or with another adapter ({string.Join("; ", remarks)}); give the plain model's own.");
            throw new CapvecException(known > 0
                ? $"{string.Join(", ", folders)}: the directions were made from every one of these traces, so they would be judged by what they were made from; give traces of other trials (\"capvec collect\" with another --seed and --arm)."
                : $"{string.Join(", ", folders)}: there is no trace with a reward; give a folder that \"capvec collect\" or a study wrote.");
        }

        return new(traces, trained.Count == 0 ? "the directions do not say which traces they were made from" : "traces that the directions were made from are left out, by arm, task and attempt", remarks);
    }

    // Studies name a trace by its path below their folder, capture by arm, task and attempt; the end of the path is the same.
    private static string Key(string id)
    {
        var path = id.EndsWith(".json", StringComparison.Ordinal) ? id[..^5] : id;
        return string.Join('/', path.Split('/')[^Math.Min(2, path.Split('/').Length)..]);
    }
}
