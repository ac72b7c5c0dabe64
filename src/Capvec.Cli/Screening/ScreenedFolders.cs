using Capvec.Agents.Traces;
using Capvec.Engine.Loading;
using Capvec.Experiments.Screening;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Cli.Screening;

/// <summary>Folders of traces for a screen: those that can be scored and that the directions were not made from.</summary>
/// <param name="Traces">What is read.</param>
/// <param name="HeldOut">How the directions are held out from them, in words.</param>
/// <param name="Remarks">What was left out, a line each.</param>
internal sealed record ScreenedFolders(IReadOnlyList<ScreenTrace> Traces, string HeldOut, IReadOnlyList<string> Remarks)
{
    /// <summary>Reads every trace below the folders.</summary>
    /// <exception cref="CapvecException">One cannot be read, or none is left.</exception>
    public static ScreenedFolders Read(IReadOnlyList<string> folders, TextModel model, DirectionSet directions)
    {
        var remarks = new List<string>();
        var traces = new List<ScreenTrace>();
        var trained = directions.Provenance.TrainingTraces.IsDefaultOrEmpty ? [] : directions.Provenance.TrainingTraces.Select(Key).ToHashSet(StringComparer.Ordinal);
        var (unrewarded, silent, known) = (0, 0, 0);
        foreach (var trace in folders.SelectMany(TraceReader.LoadAll))
        {
            var name = $"{trace.Trial.Arm}/{trace.Trial.Task}.{trace.Trial.Attempt}";
            if (trace.Trial.Reward is null)
                unrewarded++;
            else if (trace.Steps.All(step => step.Source != StepSource.Agent))
                silent++;
            else if (trained.Contains(name))
                known++;
            else
                traces.Add(ScreenTrace.Of(trace, name, model));
        }

        if (unrewarded > 0)
            remarks.Add($"{unrewarded} traces without a reward are left out");
        if (silent > 0)
            remarks.Add($"{silent} traces without a reply are left out");
        if (known > 0)
            remarks.Add($"{known} traces that the directions were made from are left out");
        if (traces.Count == 0)
        {
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
